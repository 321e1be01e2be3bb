using Sagan.Native.IO;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

namespace Sagan.Native.Tests;

/// <summary>Parameters are listed once each, and none is forgotten.</summary>
[Quick]
public sealed class RegistrationTests : IDisposable
{
    readonly string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");

    static Initializer Init => new(new RandomSource(1));

    public void Dispose() => File.Delete(file);

    [Fact]
    public void A_layer_used_twice_is_listed_counted_and_stepped_once()
    {
        Linear l = new(2, 2, Init);
        Sequential net = new(l, l);
        Assert.Equal(2, net.Parameters.Count);
        Assert.Equal(6, net.ParameterCount);
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias"], net.State().Select(s => s.Name));
        Parameter bias = net.Parameters[1];
        bias.Assign([0, 0]);
        new Adam(net.Parameters, 0.1f).Minimize(() => Ops.Sum(net.Call(Tensor.Ones(new Shape(1, 2)))) + Ops.Sum(bias) * 10);
        Assert.Equal([-0.1f, -0.1f], bias.Value.ToArray().Select(x => MathF.Round(x, 5)));
    }

    [Fact]
    public void A_shared_weight_gets_the_gradient_of_all_its_uses()
    {
        Linear l = new(1, 1, Init, bias: false);
        l.Parameters[0].Assign([3]);
        Sequential net = new(l, l);
        Assert.Equal(6, Step.Run(() => Autograd.Grad(Ops.Sum(net.Call(Tensor.Ones(new Shape(1, 1)))), net.Parameters)[0].Item()));
    }

    [Fact]
    public void A_shared_weight_is_averaged_once()
    {
        Linear l = new(1, 1, Init, bias: false), e = new(1, 1, Init, bias: false);
        Sequential source = new(l, l), average = new(e, e);
        l.Parameters[0].Assign([0]);
        ExponentialMovingAverage ema = new(average, source, 0.9);
        l.Parameters[0].Assign([1]);
        ema.Update();
        Assert.Equal(0.1f, e.Parameters[0].Value.Item());

        ArgumentException refused = Assert.Throws<ArgumentException>(() =>
            new ExponentialMovingAverage(average, new Sequential(l, new Linear(1, 1, Init, bias: false)), 0.9));
        Assert.Equal("ema: the modules differ: parameter 'weight' [1, 1] stands in several places of the average, and in the source these "
            + "are parameters of their own.", refused.Message);
    }

    [Fact]
    public void A_shared_weight_is_saved_under_all_its_names_and_loads_from_one()
    {
        Linear l = new(2, 1, Init, bias: false), other = new(2, 1, new Initializer(new RandomSource(9)), bias: false);
        StateDict.Save(new Sequential(l, l), file);
        StateDict.Load(new Sequential(other, other), file);
        Assert.Equal(l.Parameters[0].Value.ToArray(), other.Parameters[0].Value.ToArray());
        // Into a network where they are two.
        Linear a = new(2, 1, Init, bias: false), b = new(2, 1, Init, bias: false);
        StateDict.Load(new Sequential(a, b), file);
        Assert.Equal(l.Parameters[0].Value.ToArray(), b.Parameters[0].Value.ToArray());

        SafetensorsWriter one = new();
        one.Add("1.weight", new Shape(1, 2), () => new float[] { 5, 6 });
        one.Save(file);
        StateDict.Load(new Sequential(other, other), file);
        Assert.Equal([5, 6], other.Parameters[0].Value.ToArray());

        b.Parameters[0].Assign([7, 8]);
        StateDict.Save(new Sequential(other, b), file);
        TensorFileException e = Assert.Throws<TensorFileException>(() => StateDict.Load(new Sequential(l, l), file));
        Assert.Equal("the file does not fit the network: '0.weight' and '1.weight' are one parameter in the network and differ in the "
            + "file.", e.Message);
    }

    [Fact]
    public void Adam_refuses_a_parameter_given_twice_and_no_parameters_at_all()
    {
        Linear l = new(2, 1, Init, bias: false);
        Assert.StartsWith("adam: parameter 'weight' [1, 2] is given more than once and would be moved as often at each step; ",
            Assert.Throws<ArgumentException>(() => new Adam([.. l.Parameters, .. l.Parameters])).Message);
        Assert.StartsWith("adam: no parameters were given, so nothing would be trained; ",
            Assert.Throws<ArgumentException>(() => new Adam([])).Message);
    }

    [Fact]
    public void A_loss_that_depends_on_no_parameter_is_refused_and_one_with_gradient_zero_is_not()
    {
        Linear l = new(1, 1, Init), other = new(1, 1, Init);
        Parameter gamma = new("gamma", Tensor.Scalar(0));
        Adam adam = new([.. l.Parameters, gamma], 0.1f);
        Tensor x = Tensor.Ones(new Shape(1, 1));
        foreach (Func<Tensor> loss in new Func<Tensor>[] { () => Ops.Sum(other.Call(x)), () => Ops.Sum(x),
            () => Autograd.NoGrad(() => Ops.Sum(l.Call(x))) })
            Assert.StartsWith("adam: the loss depends on none of the 3 parameters ('weight' [1, 1], 'bias' [1], 'gamma' []), so no step "
                + "would change it; ",
                Assert.Throws<InvalidOperationException>(() => adam.Minimize(loss)).Message);
        Assert.Equal(0, adam.StepCount);
        adam.Minimize(() => gamma * Ops.Sum(x - x));
        Assert.Equal(1, adam.StepCount);
    }

    sealed class Forgetful(Initializer init) : Module
    {
        readonly Linear hidden = new(2, 1, init);

        protected override Tensor Forward(Tensor x) => hidden.Call(x);
    }

    sealed class InLists(params object[] kept) : Module
    {
        public object[] Kept { get; } = kept;

        protected override Tensor Forward(Tensor x) => x;
    }

    class Base : Module
    {
        readonly Parameter scale = new("scale", Tensor.Scalar(1));

        protected override Tensor Forward(Tensor x) => x * scale;
    }

    sealed class Derived : Base;

    sealed class Proper : Module
    {
        readonly Linear a;
        readonly List<(string, Module)> more = [];
        readonly Parameter constant = new("one", Tensor.Scalar(1), trainable: false);
        readonly SpectralNorm norm;

        public Proper()
        {
            a = Child("a", new Linear(2, 2, Init));
            more.Add(("b", Child("b", new Activate(default))));
            norm = Child("c", new SpectralNorm(new Linear(2, 2, Init), Init));
        }

        protected override Tensor Forward(Tensor x) => norm.Call(more[0].Item2.Call(a.Call(x))) * constant;
    }

    [Fact]
    public void A_layer_that_is_not_registered_is_told_at_the_first_use()
    {
        const string Message = "module: Forgetful keeps a Linear in 'hidden' and has not registered it, so it would be neither trained nor "
            + "saved nor set to inference mode; "
            + "in the constructor: hidden = Child(\"hidden\", new Linear(...)).";
        Forgetful net = new(Init);
        Assert.Equal(Message, Assert.Throws<InvalidOperationException>(() => net.Parameters).Message);
        Assert.Equal(Message, Assert.Throws<InvalidOperationException>(() => net.Call(Tensor.Ones(new Shape(1, 2)))).Message);
        Assert.Equal(Message, Assert.Throws<InvalidOperationException>(() => StateDict.Save(new Sequential(net), file)).Message);
    }

    [Fact]
    public void So_is_one_in_an_array_a_list_a_dictionary_or_a_tuple()
    {
        Linear l = new(1, 1, Init);
        foreach (object kept in new object[] { l, new[] { l }, new List<Module> { l }, new Dictionary<string, Linear> { ["x"] = l },
            ("x", l), new List<(int, Module)> { (1, l) } })
            Assert.StartsWith("module: InLists keeps a Linear in 'Kept'",
                Assert.Throws<InvalidOperationException>(() => new InLists(kept).Parameters).Message);
        Assert.Empty(new InLists("text", 1, new[] { 1f }).Parameters);
    }

    [Fact]
    public void So_is_a_parameter_of_a_base_class() =>
        Assert.StartsWith("module: Derived keeps parameter 'scale' [] in 'scale' and has not registered it, so it would be neither trained "
            + "nor saved; in the constructor: scale = Own(",
            Assert.Throws<InvalidOperationException>(() => new Derived().Parameters).Message);

    [Fact]
    public void What_is_registered_wrapped_or_constant_is_fine()
    {
        Proper net = new();
        Assert.Equal(["a.weight", "a.bias", "c.bias", "c.weight_orig", "c.weight_u", "c.weight_v"], net.State().Select(s => s.Name));
        Assert.Equal(2, net.Call(Tensor.Ones(new Shape(1, 2))).Count);
    }
}
