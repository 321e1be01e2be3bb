using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// What a projection discriminator adds to the score of an image of class y: &lt;embed[y], phi&gt;.  phi [N, C] -> [N].
/// Source: Miyato and Koyama 2018, "cGANs with projection discriminator", equation 4.
/// </summary>
sealed class Projection : ConditionalModule
{
    readonly Module table;

    /// <param name="table">An embedding classes x C, or a spectrally normalised one.</param>
    public Projection(Module table)
    {
        if (table is not (Embedding or SpectralNorm))
            throw new ArgumentException("projection: a table of classes is needed.", nameof(table));
        this.table = Child("0", table);
    }

    protected override Tensor Forward(Tensor x, Condition? condition)
    {
        if (condition == null) throw new InvalidOperationException("projection: the classes are missing; call it with a condition.");
        Tensor e = condition.Rows(table is Embedding plain ? plain.Call : ((SpectralNorm)table).Call);
        return Ops.Sum(e * x, [1]);
    }
}
