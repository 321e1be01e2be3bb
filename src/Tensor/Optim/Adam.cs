using Sagan.Native.Kernels;

namespace Sagan.Native.Optim;

/// <summary>
/// Adam (Kingma and Ba 2015, algorithm 1), one fused call for all parameters.
/// <code>m = b1 m + (1 - b1) g    v = b2 v + (1 - b2) g^2
/// Torch form:       p -= lr / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps)
/// TensorFlow form:  p -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)</code>
/// </summary>
public class Adam : Optimizer
{
    readonly Parameter[] m, v;
    readonly int[] skipped;
    // The parameters of each device, by number, and the slots of a fused call, filled anew at each step.
    readonly (Device Device, int[] Members, AdamSlot[] Slots)[] groups;

    /// <param name="parameters">What is trained, on any devices: at least one, and each once.</param>
    /// <param name="learningRate">lr, not negative.</param>
    /// <param name="beta1">b1 in [0, 1): decay of the mean of gradients.</param>
    /// <param name="beta2">b2 in [0, 1): decay of the mean of squared gradients.</param>
    /// <param name="epsilon">eps.</param>
    /// <param name="form">Where eps is added.</param>
    public Adam(IReadOnlyList<Parameter> parameters, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        float epsilon = 1e-8f, AdamForm form = AdamForm.Torch) : base("adam", parameters, learningRate)
    {
        if (!(beta1 >= 0 && beta1 < 1)) throw new ArgumentOutOfRangeException(nameof(beta1), beta1, "adam: beta1 must be in [0, 1).");
        if (!(beta2 >= 0 && beta2 < 1)) throw new ArgumentOutOfRangeException(nameof(beta2), beta2, "adam: beta2 must be in [0, 1).");
        m = [.. parameters.Select(p => Buffer("exp_avg", p))];
        v = [.. parameters.Select(p => Buffer("exp_avg_sq", p))];
        skipped = new int[parameters.Count];
        groups = [.. Enumerable.Range(0, parameters.Count).GroupBy(i => parameters[i].Device)
            .Select(g => (g.Key, g.ToArray(), new AdamSlot[g.Count()]))];
        (Beta1, Beta2, Epsilon, Form) = (beta1, beta2, epsilon, form);
    }

    /// <summary>b1.</summary>
    public double Beta1 { get; }

    /// <summary>b2.</summary>
    public double Beta2 { get; }

    /// <summary>eps.</summary>
    public float Epsilon { get; }

    /// <summary>Where eps is added.</summary>
    public AdamForm Form { get; }

    /// <summary>For each parameter the number of steps that it was left out of: its t is the number of the others.</summary>
    public Span<int> SkippedSteps => skipped;

    /// <summary>
    /// The trained parameters with their moments, in the order given: with <see cref="Optimizer.StepCount"/> and
    /// <see cref="SkippedSteps"/>, the state to save.
    /// </summary>
    public IEnumerable<(Parameter Parameter, Parameter M, Parameter V)> State() => Parameters.Select((p, i) => (p, m[i], v[i]));

    /// <inheritdoc/>
    public override void Step(IReadOnlyList<Tensor?> gradients)
    {
        CheckGradients(gradients);
        StepCount++;
        for (int i = 0; i < skipped.Length; i++)
            if (gradients[i] == null) skipped[i]++;
        // A call has one t: parameters that were left out of equally many steps go together.
        foreach ((Device device, int[] members, AdamSlot[] slots) in groups)
            for (int without = Next(members, gradients, -1); without < int.MaxValue; without = Next(members, gradients, without))
                Step(device, members, slots, gradients, without);
    }

    // The smallest number above this one of steps that a parameter with a gradient was left out of; the largest integer where there is
    // none.
    int Next(int[] members, IReadOnlyList<Tensor?> gradients, int above)
    {
        int next = int.MaxValue;
        foreach (int i in members)
            if (gradients[i] != null && skipped[i] > above) next = Math.Min(next, skipped[i]);
        return next;
    }

    // Of the members those with a gradient that were left out of so many steps.
    void Step(Device device, int[] members, AdamSlot[] slots, IReadOnlyList<Tensor?> gradients, int without)
    {
        AdamSpec spec = new(LearningRate, Beta1, Beta2, Epsilon, StepCount - without, Form);
        IFusedAdam? fused = device.Backend as IFusedAdam;
        int count = 0;
        foreach (int i in members)
        {
            if (gradients[i] is not { } g || skipped[i] != without) continue;
            Parameter p = Parameters[i];
            CheckMoved(m[i], p);
            if (fused == null) StepReference(p, g, m[i], v[i], spec);
            else slots[count++] = new AdamSlot(p.Value.Storage, g.Storage, m[i].Value.Storage, v[i].Value.Storage, p.Value.Count);
        }
        fused?.Adam(slots.AsSpan(0, count), spec);
        foreach (AdamSlot s in slots.AsSpan(0, count))
        {
            s.P.BumpVersion();
            s.M.BumpVersion();
            s.V.BumpVersion();
        }
    }

    static void StepReference(Parameter p, Tensor g, Parameter m, Parameter v, AdamSpec s) => Native.Step.Run(() => Autograd.NoGrad(() =>
    {
        double c1 = 1 - Math.Pow(s.Beta1, s.Step), c2 = 1 - Math.Pow(s.Beta2, s.Step);
        float rest1 = (float)(1 - s.Beta1), rest2 = (float)(1 - s.Beta2);
        m.Assign(m.Value - m.Value * rest1 + g * rest1);
        v.Assign(v.Value - v.Value * rest2 + Ops.Square(g) * rest2);
        Tensor direction = s.Form == AdamForm.Torch
            ? m.Value * (float)(s.LearningRate / c1) / (Ops.Sqrt(v.Value * (float)(1 / c2)) + s.Epsilon)
            : m.Value * (float)(s.LearningRate * Math.Sqrt(c2) / c1) / (Ops.Sqrt(v) + s.Epsilon);
        p.Assign(p.Value - direction);
        return 0;
    }));
}
