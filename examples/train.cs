#:project ../src/Sagan/Sagan.csproj
#:property PublishAot=false
// Trains a small SAGAN on a folder of pictures, tells what happens, and draws samples of the finished run.
using Sagan.Native;
using Sagan.Native.Data.Images;
using Sagan.Native.Training;

if (args is not [string photos, .. string[] settings])
{
    Console.Error.WriteLine("usage: dotnet run -c Release train.cs PHOTOS [key=value ...], for example training.steps=2000");
    return 2;
}

// Ctrl-C finishes the step and saves; TrainingRun.Resume(folder) goes on from there.
using CancellationTokenSource stop = new();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

try
{
    using TrainingRun run = TrainingRun.Create(RunConfig.FromPreset("demo", [$"data.source={photos}", .. settings]));
    foreach (TrainingEvent e in run.Train(stop.Token))
    {
        switch (e)
        {
            case StepDone { Step: int step } when step % 50 != 0:
            case NumbersLogged:
                break;
            case SampleDrawn sample:
                Console.WriteLine($"look at {sample.Path}");
                break;
            default:
                Console.WriteLine(e);
                break;
        }
    }
    SaganRun trained = SaganRun.Load(run.Folder);
    ImageFile.Save("samples.png", ImageGrid.Of(trained.Sample(32, seed: 2)));
    Console.WriteLine($"32 samples of step {trained.Step}: samples.png");
    return 0;
}
catch (SaganException e)
{
    Console.Error.WriteLine($"error: {e.Message}");
    return 1;
}
