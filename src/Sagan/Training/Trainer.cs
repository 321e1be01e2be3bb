using Sagan.Native.Data;

namespace Sagan.Native.Training;

/// <summary>What one training step reports.</summary>
/// <param name="Step">Its number, from 1.</param>
/// <param name="DLoss">Of the last discriminator update, before it.</param>
/// <param name="GLoss">Of the generator update, before it.</param>
/// <param name="DReal">Mean score of the real images.</param>
/// <param name="DFake">Mean score of the fakes.</param>
readonly record struct StepReport(int Step, float DLoss, float GLoss, float DReal, float DFake)
{
    /// <summary>False when anything is NaN or infinite.</summary>
    public bool IsFinite => float.IsFinite(DLoss) && float.IsFinite(GLoss) && float.IsFinite(DReal) && float.IsFinite(DFake);
}

/// <summary>Advances a <see cref="TrainingState"/> on a data set, one step at a time. Step number k is a function of the state and of k
/// alone, so a resumed run equals one that never stopped.</summary>
sealed class Trainer : IDisposable
{
    readonly TrainingState state;
    readonly BatchLoader loader;
    readonly GanStep gan;
    readonly TrainingConfig training;
    // Scalars on the device, of the steps that nobody has looked at yet.
    readonly List<(int Step, Tensor[] D, Tensor G)> unseen = [];

    public Trainer(TrainingState state, ImageDataset data)
    {
        this.state = state;
        RunConfig c = state.Config;
        training = c.Training;
        loader = new BatchLoader(data, training.Batch, training.Seed, c.Data.Flip);
        loader.Seek((long)state.StepCount * training.DSteps);
        gan = state.Step;
    }

    /// <summary>Something the user should know about the data, or null.</summary>
    public string? Warning => loader.Warning;

    /// <summary>How long all steps so far together waited for their images.</summary>
    public TimeSpan Waited => loader.Waited;

    /// <summary>D steps on one batch each, one G step, one update of the moving average; returns what they report.</summary>
    public StepReport Next() => Advance(report: true)!.Value;

    /// <summary>
    /// The same without looking at the losses: on a GPU the step is only queued, and nothing waits for it. They stay there for
    /// <see cref="Look"/>.
    /// </summary>
    public void NextUnseen() => Advance(report: false);

    /// <summary>How many steps wait to be looked at.</summary>
    public int Unseen => unseen.Count;

    /// <summary>What the steps reported that were taken without looking, in order, each once.</summary>
    public IReadOnlyList<StepReport> Look()
    {
        StepReport[] reports = [.. unseen.Select(u => new StepReport(u.Step, u.D[0].Item(), u.G.Item(), u.D[1].Item(), u.D[2].Item()))];
        unseen.Clear();
        return reports;
    }

    StepReport? Advance(bool report)
    {
        int step = state.StepCount, n = training.Batch;
        (float D, float Real, float Fake) d = default;
        Tensor[] later = [];
        int[]? classes = null;
        for (int k = 0; k < training.DSteps; k++)
        {
            long draw = (long)step * (training.DSteps + 1) + k;
            bool last = k == training.DSteps - 1;
            Tensor[] kept = Step.Run(() =>
            {
                Batch batch = loader.Next();
                Tensor real = Tensor.From(batch.Pixels, new Shape(n, batch.Size, batch.Size, batch.Channels), state.Device);
                if (state.Config.Model.Conditional) classes = [.. batch.Labels];
                (Tensor loss, Tensor r, Tensor f) = gan.Discriminator(state.Input(real, classes ?? [], draw));
                if (last && report) d = (loss.Item(), r.Item(), f.Item());
                return last && !report ? [loss, r, f] : Array.Empty<Tensor>();
            });
            if (last) later = kept;
        }
        float g = 0;
        Tensor[] laterG = Step.Run(() =>
        {
            long draw = (long)step * (training.DSteps + 1) + training.DSteps;
            Tensor z = state.Z(draw, n);
            Tensor loss = gan.Generator(z, state.Classes(draw, n, classes), draw,
                state.Config.Loss.LatentDiversity > 0 ? state.NearZ(draw, z) : null);
            if (report) g = loss.Item();
            return report ? Array.Empty<Tensor>() : [loss];
        });
        state.Ema?.Update();
        state.StepCount++;
        if (report) return new StepReport(state.StepCount, d.D, g, d.Real, d.Fake);
        unseen.Add((state.StepCount, later, laterG[0]));
        return null;
    }

    public void Dispose() => loader.Dispose();
}
