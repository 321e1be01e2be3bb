#:sdk Microsoft.NET.Sdk.Web
#:project ../src/Sagan/Sagan.csproj
#:property PublishAot=false
// Serves pictures of a trained run: GET /sample?seed=7 is a PNG, and the same one for the same seed.
using Sagan.Native.Data.Images;
using Sagan.Native.Training;

if (args is not [string folder, .. string[] options])
{
    Console.Error.WriteLine("usage: dotnet run -c Release serve.cs RUN [--urls http://localhost:5000]");
    return 2;
}

// Loaded once. Sample may be called by many requests at once: they are computed one after the other.
SaganRun run = SaganRun.Load(folder);

WebApplication app = WebApplication.CreateBuilder(options).Build();
app.MapGet("/sample", (ulong seed = 1, int count = 1) => count is < 1 or > 64
    ? Results.BadRequest($"count = {count}: must be 1 to 64.")
    : Results.File(ImageFile.EncodePng(ImageGrid.Of(run.Sample(count, seed))), "image/png"));
app.Run();
return 0;
