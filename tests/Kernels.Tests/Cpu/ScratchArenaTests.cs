using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>The memory of intermediate results: scopes in scopes, growth, alignment, misuse, threads, poison.</summary>
[Quick]
public sealed unsafe class ScratchArenaTests
{
    [Fact]
    public void Pieces_are_aligned_and_have_room_for_a_vector_at_their_last_element()
    {
        using ScratchArena arena = new();
        using ScratchScope scratch = arena.Begin();
        nint end = 0;
        foreach (int count in (int[])[1, 15, 16, 17, 1000, 0, 3])
        {
            nint p = (nint)scratch.Floats(count);
            Assert.Equal(0, p % ScratchArena.Alignment);
            Assert.True(p >= end, "pieces overlap");
            end = p + 4 * count + 60;
        }
        Assert.Equal(0, (nint)scratch.Doubles(3) % ScratchArena.Alignment);
        Assert.Equal(0, (nint)scratch.Of<byte>(1) % ScratchArena.Alignment);
    }

    [Fact]
    public void A_scope_gives_back_what_it_took_and_leaves_the_outer_ones_alone()
    {
        using ScratchArena arena = new();
        using ScratchScope outer = arena.Begin();
        float* a = outer.Floats(100), first;
        new Span<float>(a, 100).Fill(1);
        using (ScratchScope inner = arena.Begin())
        {
            first = inner.Floats(50);
            new Span<float>(first, 50).Fill(2);
        }
        using (ScratchScope inner = arena.Begin()) Assert.Equal((nint)first, (nint)inner.Floats(1000));
        float* b = outer.Floats(10);
        Assert.Equal((nint)first, (nint)b);
        Assert.True(new Span<float>(a, 100).IndexOfAnyExcept(1f) < 0);
    }

    [Fact]
    public void Grows_without_moving_what_it_handed_out_and_becomes_one_block()
    {
        using ScratchArena arena = new();
        const int pieces = 40, count = 30_000;
        for (int round = 0; round < 3; round++)
        {
            long before = arena.ReservedBytes;
            using (ScratchScope scratch = arena.Begin())
            {
                float*[] p = new float*[pieces];
                for (int i = 0; i < pieces; i++)
                {
                    p[i] = scratch.Floats(count);
                    new Span<float>(p[i], count).Fill(i);
                    using ScratchScope inner = arena.Begin();
                    new Span<float>(inner.Floats(count), count).Fill(-1);
                }
                for (int i = 0; i < pieces; i++) Assert.True(new Span<float>(p[i], count).IndexOfAnyExcept((float)i) < 0,
                    $"piece {i} was overwritten");
            }
            if (round == 2) Assert.Equal(before, arena.ReservedBytes);
        }
        // What was needed at once, rounded up to cache lines, and no more.
        Assert.InRange(arena.ReservedBytes, 4L * (pieces + 1) * count, (4L * count + 2 * 64) * (pieces + 1));
    }

    [Fact]
    public void Memory_that_is_long_not_needed_is_given_back()
    {
        using ScratchArena arena = new(idleMilliseconds: 0);
        Use(arena, 1 << 22, 1);
        long most = arena.ReservedBytes;
        Assert.True(most >= 4 << 22);
        Use(arena, 1000, 2000);
        Assert.InRange(arena.ReservedBytes, 4000, most / 8);

        using ScratchArena patient = new();
        Use(patient, 1 << 22, 1);
        Use(patient, 1000, 2000);
        Assert.Equal(most, patient.ReservedBytes);

        static void Use(ScratchArena arena, int count, int times)
        {
            for (int i = 0; i < times; i++)
            {
                using ScratchScope scratch = arena.Begin();
                scratch.Floats(count)[count - 1] = 1;
            }
        }
    }

    [Fact]
    public void Misuse_is_an_error()
    {
        using ScratchArena arena = new();
        ScratchScope outer = arena.Begin(), inner = arena.Begin();
        // By hand: what is tested cannot be captured by a lambda.
        Assert.Contains("while one inside it is open", Thrown(outer, take: 1), StringComparison.Ordinal);
        Assert.Contains("before one inside it", Thrown(outer), StringComparison.Ordinal);
        inner.Dispose();
        Assert.Contains("ended twice", Thrown(inner), StringComparison.Ordinal);
        Assert.Contains("non-negative", Thrown(outer, take: -1), StringComparison.Ordinal);
        outer.Dispose();
        Assert.Contains("ended twice", Thrown(outer), StringComparison.Ordinal);

        static string Thrown(ScratchScope scope, int? take = null)
        {
            try
            {
                if (take is int count) scope.Floats(count);
                else scope.Dispose();
            }
            catch (Exception e) when (e is InvalidOperationException or ArgumentException)
            {
                return e.Message;
            }
            return "nothing was thrown";
        }
    }

    [Fact]
    public void A_scope_ends_where_an_exception_leaves_it()
    {
        using ScratchArena arena = new();
        using ScratchScope outer = arena.Begin();
        float* first = outer.Floats(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => Fail(arena));
        Assert.True(outer.Floats(1) - first == 2 * ScratchArena.Alignment / sizeof(float));

        static void Fail(ScratchArena arena)
        {
            using ScratchScope scratch = arena.Begin();
            scratch.Floats(10);
            scratch.Floats(-1);
        }
    }

    [Fact]
    public void Threads_have_memory_of_their_own()
    {
        const int threads = 6, rounds = 200;
        using Barrier together = new(threads);
        int wrong = 0;
        Thread[] all = [.. Enumerable.Range(0, threads).Select(t => new Thread(() =>
        {
            for (int round = 0; round < rounds; round++)
            {
                using ScratchScope scratch = ScratchArena.Enter();
                Span<float> mine = new(scratch.Floats(500 + 100 * round), 500 + 100 * round);
                mine.Fill(t);
                together.SignalAndWait();
                if (mine.IndexOfAnyExcept((float)t) >= 0) Interlocked.Increment(ref wrong);
            }
        }))];
        foreach (Thread t in all) t.Start();
        foreach (Thread t in all) t.Join();
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Poisoned_memory_is_nan_when_it_comes_and_when_it_goes()
    {
        using ScratchArena arena = new();
        WithPoison(() =>
        {
            float* p;
            using (ScratchScope scratch = arena.Begin())
            {
                p = scratch.Floats(70_000);
                Assert.True(float.IsNaN(p[0]) && float.IsNaN(p[69_999]));
                new Span<float>(p, 70_000).Clear();
                // In the next block, which stays until the outermost scope ends.
                using (ScratchScope inner = arena.Begin()) new Span<float>(inner.Floats(70_000), 70_000).Clear();
                using ScratchScope again = arena.Begin();
                float* q = again.Floats(70_000);
                Assert.True(float.IsNaN(q[0]) && float.IsNaN(q[69_999]));
            }
            using (ScratchScope scratch = arena.Begin()) p = scratch.Floats(100);
            Assert.True(float.IsNaN(p[0]) && float.IsNaN(p[99]));
        });
    }

    static void WithPoison(Action work)
    {
        bool before = ScratchArena.Poisons;
        try
        {
            ScratchArena.Poisons = true;
            work();
        }
        finally
        {
            ScratchArena.Poisons = before;
        }
    }
}
