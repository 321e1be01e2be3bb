using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Sagan.Native.Tests.Interchange;

/// <summary>An ONNX file as ONNX Runtime has it: it checks the file and computes it.</summary>
sealed class OnnxModel : IDisposable
{
    static readonly Lazy<string?> missing = new(() =>
    {
        try
        {
            using SessionOptions options = new();
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException)
        {
            return e.GetBaseException().Message;
        }
    });

    readonly InferenceSession session;

    /// <summary>Skips the test where ONNX Runtime has no native library, which on linux-x64 is a failure.</summary>
    public OnnxModel(byte[] file)
    {
        bool must = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;
        if (missing.Value is { } why) Assert.SkipUnless(must, $"ONNX Runtime does not load here: {why}");
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        session = new InferenceSession(file, options);
    }

    /// <summary>Name, element type and sizes of each input.</summary>
    public IEnumerable<string> Inputs => session.InputMetadata.Select(Describe);

    public string Output => Describe(session.OutputMetadata.Single());

    public IReadOnlyDictionary<string, string> Metadata => session.ModelMetadata.CustomMetadataMap;

    public float[] Run(float[] x, long[] sizes, long[]? classes = null)
    {
        string[] names = [.. session.InputMetadata.Keys];
        using OrtValue first = OrtValue.CreateTensorValueFromMemory(x, sizes);
        using OrtValue? second = classes == null ? null : OrtValue.CreateTensorValueFromMemory(classes, [classes.Length]);
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> results =
            session.Run(options, names, second == null ? [first] : [first, second], [.. session.OutputMetadata.Keys]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    public void Dispose() => session.Dispose();

    static string Describe(KeyValuePair<string, NodeMetadata> value)
    {
        NodeMetadata m = value.Value;
        IEnumerable<string> sizes = m.Dimensions.Zip(m.SymbolicDimensions, (n, name) => n < 0 ? name : $"{n}");
        return $"{value.Key} {m.ElementDataType.ToString().ToLowerInvariant()} [{string.Join(", ", sizes)}]";
    }
}
