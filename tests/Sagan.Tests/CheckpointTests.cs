using System.Diagnostics;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Tests;

public sealed class CheckpointTests(ITestOutputHelper output) : IDisposable
{
    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    CheckpointStore Store(int keep = 3) => CheckpointStore.ForWriting(folder.File("checkpoints"), keep);

    static string Save(CheckpointStore store, long step) =>
        store.Save(step, CheckpointContent.Files(step), new JsonObject { ["position"] = step });

    string[] Entries() => [.. Directory.GetFileSystemEntries(folder.File("checkpoints")).Select(p => Path.GetFileName(p))
        .Order(StringComparer.Ordinal)];

    [Fact]
    public void What_is_saved_is_found()
    {
        CheckpointStore store = Store();
        Assert.Null(store.FindNewest(out _));
        string path = Save(store, 1000);
        Assert.Equal(folder.File("checkpoints/step-0001000"), path);
        Assert.Equal("step-0001000\n", File.ReadAllText(folder.File("checkpoints/LATEST")));
        Checkpoint c = Store().FindNewest(out IReadOnlyList<SkippedCheckpoint> skipped)!;
        Assert.Empty(skipped);
        Assert.Equal(1000, c.Step);
        CheckpointContent.AssertIn(c);
    }

    [Fact]
    public void The_last_k_stay()
    {
        CheckpointStore store = Store(keep: 2);
        foreach (long step in (long[])[5, 10, 15, 20]) Save(store, step);
        Assert.Equal(["LATEST", "step-0000015", "step-0000020"], Entries());
        // Higher ones, perhaps unsound, do not push a sound one out.
        Save(store, 7);
        Assert.Equal(["LATEST", "step-0000007", "step-0000015", "step-0000020"], Entries());
        Save(store, 8);
        Save(store, 9);
        Assert.Equal(["LATEST", "step-0000008", "step-0000009", "step-0000015", "step-0000020"], Entries());
        Assert.Equal("step-0000009\n", File.ReadAllText(folder.File("checkpoints/LATEST")));
    }

    [Fact]
    public void A_step_can_be_saved_again()
    {
        CheckpointStore store = Store();
        Save(store, 5);
        store.Save(5, new Dictionary<string, Action<Stream>> { ["a"] = s => s.WriteByte(7) }, []);
        Assert.Equal([7], File.ReadAllBytes(Store().Open(5).File("a")));
        Assert.Equal(["LATEST", "step-0000005"], Entries());
    }

    [Fact]
    public void Going_back_leaves_the_later_ones_behind()
    {
        CheckpointStore store = Store();
        foreach (long step in (long[])[5, 10, 15]) Save(store, step);
        store.RemoveAfter(5);
        Assert.Equal(["LATEST", "step-0000005"], Entries());
        Assert.Equal("step-0000005\n", File.ReadAllText(folder.File("checkpoints/LATEST")));
    }

    [Fact]
    public void Damaged_ones_are_skipped_and_named_with_the_reason()
    {
        CheckpointStore store = Store(keep: 9);
        for (long step = 1; step <= 9; step++) Save(store, step);
        string At(long step, string file) => folder.File($"checkpoints/{Checkpoint.NameOf(step)}/{file}");
        byte[] bytes = File.ReadAllBytes(At(9, "model.safetensors"));
        bytes[1234] ^= 1;
        File.WriteAllBytes(At(9, "model.safetensors"), bytes);
        File.Delete(At(8, "ema.safetensors"));
        File.AppendAllText(At(7, "optim.safetensors"), "x");
        File.Delete(At(6, "state.json"));
        File.WriteAllText(At(5, "state.json"), "{ \"formatVersion\": 1, ");
        File.WriteAllText(At(4, "state.json"),
            File.ReadAllText(At(4, "state.json")).Replace("\"formatVersion\": 1", "\"formatVersion\": 2"));
        File.WriteAllText(At(3, "state.json"), File.ReadAllText(At(3, "state.json")).Replace("model.safetensors", "../../x"));
        Directory.Move(folder.File("checkpoints/step-0000002"), folder.File("checkpoints/step-0000099"));

        Checkpoint c = Store(9).FindNewest(out IReadOnlyList<SkippedCheckpoint> skipped)!;
        Assert.Equal(1, c.Step);
        string[] reasons = ["holds step 2", "model.safetensors was changed or damaged", "ema.safetensors is missing",
            "optim.safetensors has 40001 bytes, 40000 were written",
            "state.json is missing", "state.json is damaged", "format version 2 is not known", "names a file outside the folder"];
        Assert.Equal(reasons.Length, skipped.Count);
        foreach ((SkippedCheckpoint s, string reason) in skipped.Zip(reasons))
        {
            Assert.Contains(reason, s.Reason);
            Assert.Contains(s.Name, s.Reason);
        }
        Assert.Contains("no such checkpoint; there are those of steps 1, 3,",
            Assert.Throws<RunFileException>(() => Store(9).Open(1234)).Message);
    }

    [Fact]
    public void A_hostile_state_file_is_an_error_never_a_crash()
    {
        CheckpointStore store = Store();
        string state = Path.Combine(Save(store, 1), "state.json");
        byte[] good = File.ReadAllBytes(state);
        Random random = new(2);
        int refused = 0;
        for (int i = 0; i < 1000; i++)
        {
            List<byte> bytes = [.. good];
            int at = random.Next(bytes.Count);
            if (i % 3 == 0) bytes[at] = (byte)random.Next(256);
            else if (i % 3 == 1) bytes.RemoveRange(at, Math.Min(random.Next(1, 30), bytes.Count - at));
            else bytes.InsertRange(at, "-9e99\\ud800[{\""u8[..random.Next(1, 15)].ToArray());
            File.WriteAllBytes(state, [.. bytes]);
            if (store.FindNewest(out IReadOnlyList<SkippedCheckpoint> skipped) != null) continue;
            refused++;
            Assert.NotEmpty(Assert.Single(skipped).Reason);
        }
        // Damage to blanks and to the trainer's own state is not seen here.
        Assert.InRange(refused, 800, 1000);
    }

    [Fact]
    public void A_writer_that_fails_leaves_nothing_behind()
    {
        CheckpointStore store = Store();
        Save(store, 1);
        Dictionary<string, Action<Stream>> files = CheckpointContent.Files(2);
        files["z"] = _ => throw new InvalidOperationException("broken writer");
        Assert.Throws<InvalidOperationException>(() => store.Save(2, files, []));
        Assert.Equal(["LATEST", "step-0000001"], Entries());
        Assert.Throws<ArgumentException>(() => store.Save(2, new Dictionary<string, Action<Stream>> { ["../x"] = _ => { } }, []));
        Assert.Equal(["LATEST", "step-0000001"], Entries());
    }

    [Fact]
    public void An_interrupted_replacement_is_taken_back()
    {
        CheckpointStore store = Store();
        Save(store, 4);
        string checkpoints = folder.File("checkpoints");
        // The moment between the two renames of a replacement.
        Directory.Move(Path.Combine(checkpoints, "step-0000004"), Path.Combine(checkpoints, ".old-step-0000004"));
        Directory.CreateDirectory(Path.Combine(checkpoints, ".tmp-step-0000004"));
        // One that only reads leaves it to the owner.
        Assert.Null(CheckpointStore.ForReading(checkpoints).FindNewest(out _));
        Assert.Equal(4, Store().FindNewest(out _)!.Step);
        Assert.Equal(["LATEST", "step-0000004"], Entries());
    }

    [Fact]
    public void Killed_at_any_moment_a_sound_checkpoint_is_left()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends SIGKILL");
        const int kills = 25, killSignal = 9;
        string checkpoints = folder.File("checkpoints");
        Random random = new(3);
        long newest = 0;
        int duringSave = 0;
        for (int i = 0; i < kills; i++)
        {
            using Process p = Process.Start(ChildProgram.Describe("save-loop", checkpoints))!;
            Assert.Equal("ready", p.StandardOutput.ReadLine());
            // Some saves, at first one at least, and then any moment will do.
            for (int saves = newest == 0 ? 1 : random.Next(5); saves > 0; saves--) Assert.StartsWith("saved", p.StandardOutput.ReadLine());
            Thread.Sleep(TimeSpan.FromMilliseconds(random.NextDouble() * 20));
            ChildProgram.Send(p, killSignal);
            Assert.True(p.WaitForExit(10_000));

            string[] left = Entries();
            if (left.Any(e => e.StartsWith('.'))) duringSave++;
            // What the next process makes of it.
            Checkpoint? c = CheckpointStore.ForWriting(checkpoints, 2).FindNewest(out IReadOnlyList<SkippedCheckpoint> skipped);
            Assert.True(c != null, $"kill {i}: no sound checkpoint among {string.Join(", ", left)}");
            Assert.Empty(skipped);
            Assert.True(c.Step >= newest, $"kill {i}: step {c.Step} after {newest}");
            CheckpointContent.AssertIn(c);
            Assert.DoesNotContain(Entries(), e => e.StartsWith('.'));
            newest = c.Step;
        }
        output.WriteLine($"{kills} kills, {duringSave} of them in the middle of a save; newest step {newest}");
        Assert.True(newest > kills / 2, $"only {newest} steps in {kills} runs");
        Assert.True(duringSave > kills / 10, $"only {duringSave} of {kills} kills came in the middle of a save");
    }

    [Fact]
    public void A_full_disk_is_a_clear_error_and_loses_nothing()
    {
        using SmallDisk disk = new(folder.File("disk"), kilobytes: 256);
        CheckpointStore store = CheckpointStore.ForWriting(disk.Path, keep: 9);
        Save(store, 1);
        Save(store, 2);
        Dictionary<string, byte[]> kept = Directory.EnumerateFiles(disk.Path, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(f) != "LATEST").ToDictionary(f => f, File.ReadAllBytes);

        RunFileException e = Assert.Throws<RunFileException>(() =>
        {
            for (long step = 3; step < 20; step++) Save(store, step);
        });
        Assert.Matches($@"^{disk.Path}/step-00000\d\d: the disk is full: "
            + @"the checkpoint needs 65000 bytes and \d+ are free; make room, or keep fewer",
            e.Message);
        Assert.Equal(ExitCode.File, ExitCodes.Of(e));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(disk.Path), p => Path.GetFileName(p).StartsWith('.'));
        Assert.All(kept, f => Assert.Equal(f.Value, File.ReadAllBytes(f.Key)));

        Checkpoint c = CheckpointStore.ForWriting(disk.Path, 9).FindNewest(out IReadOnlyList<SkippedCheckpoint> skipped)!;
        Assert.Empty(skipped);
        CheckpointContent.AssertIn(c);
        // Keeping fewer makes it go on.
        foreach (long step in store.Steps.Order().SkipLast(1))
            Directory.Delete(Path.Combine(disk.Path, Checkpoint.NameOf(step)), recursive: true);
        Save(CheckpointStore.ForWriting(disk.Path, 1), 50);
    }

    /// <summary>A file system in memory with little room. Needs the right to mount.</summary>
    sealed class SmallDisk : IDisposable
    {
        public string Path { get; }

        public SmallDisk(string path, int kilobytes)
        {
            Assert.SkipUnless(OperatingSystem.IsLinux(), "mounts a tmpfs");
            Path = path;
            Directory.CreateDirectory(path);
            ChildProcess mount = ChildProcess.Run("mount", ["-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", path]);
            Assert.SkipWhen(mount.ExitCode != 0, $"may not mount a small tmpfs: {mount.Error.Trim()}");
        }

        public void Dispose() => Assert.Equal(0, ChildProcess.Run("umount", [Path]).ExitCode);
    }
}
