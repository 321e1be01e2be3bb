using Sagan.Native.Modules;

namespace Sagan.Native.Optim;

/// <summary>
/// A second copy of a module that follows it slowly: w_e = decay w_e + (1 - decay) w, for parameters and running statistics alike; the
/// unit vectors of power iteration and counters are copied. Before <c>start</c> updates it is an exact copy. Source: the recipe of BigGAN
/// (Brock et al. 2019), for GANs Yazici et al. 2019.
/// </summary>
public sealed class ExponentialMovingAverage
{
    readonly (Parameter Average, Parameter Source)[] pairs;
    // 1 - decay, rounded once: a float near 1 has too few digits for its distance from 1.
    readonly float rest;
    readonly int start;

    /// <param name="average">A module of the same structure, which becomes the average.</param>
    /// <param name="source">The module in training.</param>
    /// <param name="decay">In [0, 1).</param>
    /// <param name="start">Number of updates that only copy.</param>
    public ExponentialMovingAverage(Module average, Module source, double decay, int start = 0)
    {
        if (!(decay >= 0 && decay < 1)) throw new ArgumentOutOfRangeException(nameof(decay), decay, "ema: the decay must be in [0, 1).");
        pairs = [.. average.State().Zip(source.State(), (a, s) => a.Name == s.Name && a.Parameter.Shape == s.Parameter.Shape
            ? (a.Parameter, s.Parameter)
            : throw new ArgumentException($"ema: the modules differ: '{a.Name}' {a.Parameter.Shape} against '{s.Name}' "
                + $"{s.Parameter.Shape}.")).Distinct()];
        // A tied weight has several names and is moved once.
        if (pairs.CountBy(p => p.Average).FirstOrDefault(n => n.Value > 1).Key is { } tied)
            throw new ArgumentException($"ema: the modules differ: parameter {tied} stands in several places of the average, and in the "
                + "source these are parameters of their own.");
        (rest, this.start) = ((float)(1 - decay), start);
        Begin();
    }

    /// <summary>Number of updates so far.</summary>
    public long UpdateCount { get; set; }

    /// <summary>Moves the average one step towards the source.</summary>
    public void Update()
    {
        if (UpdateCount++ < start)
        {
            Begin();
            return;
        }
        foreach ((Parameter average, Parameter source) in pairs)
            if (average.IsInteger || average.IsUnitVector) average.Assign(source);
            else average.Lerp(source, rest);
    }

    /// <summary>Makes the average an exact copy of the source.</summary>
    public void Begin()
    {
        foreach ((Parameter average, Parameter source) in pairs) average.Assign(source);
    }
}
