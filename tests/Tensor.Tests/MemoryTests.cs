using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

namespace Sagan.Native.Tests;

[Quick]
public class MemoryTests
{
    static readonly Device Device = Device.Cpu;

    static (Module Net, Adam Adam, Tensor X) Setup()
    {
        Initializer init = new(new RandomSource(1), device: Device);
        Module net = new Sequential(new SpectralNorm(new Conv2d(3, 8, 3, init, padding: 1, activation: Activation.Relu), init),
            new BatchNorm2d(8, init), new SelfAttention(8, init, 0.5f));
        return (net, new Adam(net.Parameters, 1e-3f), new RandomSource(2).Normal(new Shape(2, 4, 4, 3), Device));
    }

    [Fact]
    public void After_a_step_only_parameters_and_moments_are_alive()
    {
        Garbage.Collect();
        int before = Device.Pool.LiveCount;
        (Module net, Adam adam, Tensor x) = Setup();
        Garbage.Collect();
        int idle = Device.Pool.LiveCount - before;
        // Weights, buffers, two moments for each weight, and x.
        Assert.Equal(net.State().Count() + 2 * net.Parameters.Count + 1, idle);
        for (int i = 0; i < 3; i++)
        {
            adam.Minimize(() => Ops.Mean(Ops.Square(net.Call(x))));
            Assert.Equal(before + idle, Device.Pool.LiveCount);
        }
        GC.KeepAlive((net, adam, x));
    }

    [Fact]
    public void Memory_is_flat_over_200_steps()
    {
        (Module net, Adam adam, Tensor x) = Setup();
        for (int i = 0; i < 5; i++) adam.Minimize(() => Ops.Mean(Ops.Square(net.Call(x))));
        Garbage.Collect();
        (long live, long reserved) = (Device.Pool.LiveBytes, Device.Pool.ReservedBytes);
        for (int i = 0; i < 200; i++) adam.Minimize(() => Ops.Mean(Ops.Square(net.Call(x))));
        Assert.Equal(live, Device.Pool.LiveBytes);
        Assert.Equal(reserved, Device.Pool.ReservedBytes);
        GC.KeepAlive((net, adam, x));
    }

    [Fact]
    public void A_plain_loop_outside_a_step_is_cleaned_by_the_collector()
    {
        (Module net, _, Tensor x) = Setup();
        Garbage.Collect();
        int before = Device.Pool.LiveCount;
        Loop(net, x);
        Garbage.Collect();
        Assert.Equal(before, Device.Pool.LiveCount);
        GC.KeepAlive((net, x));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Loop(Module net, Tensor x)
        {
            for (int i = 0; i < 20; i++)
            {
                Tensor[] g = Autograd.Grad(Ops.Sum(net.Call(x)), net.Parameters);
                Assert.All(g, t => Assert.True(float.IsFinite(t.ToArray()[0])));
            }
        }
    }

    [Fact]
    public void A_tensor_returned_from_a_step_survives_it_and_one_kept_aside_does_not()
    {
        Tensor? aside = null;
        Tensor kept = Step.Run(() =>
        {
            aside = Tensor.Ones(new Shape(3), Device);
            return aside * 2;
        });
        Assert.Equal([2f, 2f, 2f], kept.ToArray());
        ObjectDisposedException e = Assert.Throws<ObjectDisposedException>(() => aside!.ToArray());
        Assert.Contains("[3]", e.Message, StringComparison.Ordinal);
        Assert.Contains("step ended", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_may_return_a_parameter_without_untracking_it()
    {
        Parameter p = new("w", Tensor.Ones(new Shape(2), Device));
        Tensor value = Step.Run(() => p.Value);
        Assert.True(value.IsTracked);
        Assert.True(p.Value.IsTracked);
    }

    [Fact]
    public void An_exception_inside_a_step_leaves_nothing_behind()
    {
        (Module net, _, Tensor x) = Setup();
        Garbage.Collect();
        int before = Device.Pool.LiveCount;
        for (int i = 0; i < 3; i++)
            Assert.Throws<InvalidOperationException>(() => Step.Run(() =>
            {
                net.Call(x);
                throw new InvalidOperationException("stop");
            }));
        Assert.Equal(before, Device.Pool.LiveCount);
        Assert.True(Autograd.IsRecording);
        GC.KeepAlive((net, x));
    }
}
