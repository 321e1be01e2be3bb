using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sagan.Native.Training.Checkpoints;

/// <summary>
/// A checkpoint on disk that was verified: its files are the ones that were written. <c>state.json</c> holds the step, the trainer's own
/// state (random streams, data position, ...), and the length and SHA-256 of each other file; it was written last.
/// </summary>
sealed class Checkpoint
{
    /// <summary>The version of the format of state.json that is written and read.</summary>
    public const int FormatVersion = 1;

    public const string StateFile = "state.json";

    /// <summary>What the configuration is called in the state.</summary>
    public const string ConfigKey = "config";

    const int MostStateBytes = 16 << 20;

    Checkpoint(string folder, long step, JsonObject state) => (Folder, Step, State) = (folder, step, state);

    public string Folder { get; }

    public long Step { get; }

    /// <summary>What the trainer gave to be kept.</summary>
    public JsonObject State { get; }

    /// <summary>The run's configuration when it was saved; null in checkpoints of programs that did not keep it there.</summary>
    public JsonObject? Config => State[ConfigKey] as JsonObject;

    /// <summary>The path of one of its files.</summary>
    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>Opens one of its files; null where it has no such file.</summary>
    public Stream? OpenFile(string name) => System.IO.File.Exists(File(name)) ? System.IO.File.OpenRead(File(name)) : null;

    /// <summary>The folder name of a step: <c>step-0001000</c>.</summary>
    public static string NameOf(long step) => string.Create(CultureInfo.InvariantCulture, $"step-{step:D7}");

    /// <summary>The step of a folder name, or null for another name.</summary>
    public static long? StepOf(string name) =>
        name.StartsWith("step-", StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out long step)
            && NameOf(step) == name
            ? step
            : null;

    /// <summary>state.json for these files.</summary>
    public static byte[] Describe(long step, JsonObject state, IEnumerable<(string Name, long Bytes, string Hash)> files)
    {
        JsonObject list = [];
        foreach ((string name, long bytes, string hash) in files) list[name] = new JsonObject { ["bytes"] = bytes, ["sha256"] = hash };
        JsonObject document = new() { ["formatVersion"] = FormatVersion, ["step"] = step, ["files"] = list, ["state"] = state.DeepClone() };
        return JsonSerializer.SerializeToUtf8Bytes(document, CheckpointJson.Default.JsonObject);
    }

    /// <summary>
    /// Reads and verifies every byte. Throws <see cref="RunFileException"/> with the reason when the checkpoint is not whole.
    /// </summary>
    public static Checkpoint Open(string folder)
    {
        try
        {
            string path = Path.Combine(folder, StateFile);
            FileInfo info = new(path);
            if (!info.Exists) throw Invalid(folder, $"{StateFile} is missing");
            if (info.Length > MostStateBytes)
                throw Invalid(folder, $"{StateFile} has {info.Length} bytes, at most {MostStateBytes} are read");
            JsonDocumentOptions strict = new() { AllowDuplicateProperties = false };
            if (JsonNode.Parse(System.IO.File.ReadAllBytes(path), documentOptions: strict) is not JsonObject root
                || !TryInteger(root["formatVersion"], out long version))
                throw Invalid(folder, $"{StateFile} is not a checkpoint's");
            if (version != FormatVersion) throw Invalid(folder, $"format version {version} is not known to this program, which reads "
                + $"{FormatVersion}");
            if (!TryInteger(root["step"], out long step) || step < 0 || root["files"] is not JsonObject files
                || root["state"] is not JsonObject state)
                throw Invalid(folder, $"{StateFile} lacks step, files or state");
            foreach ((string name, JsonNode? file) in files) Verify(folder, name, file);
            return new Checkpoint(folder, step, state);
        }
        // InvalidOperationException: a string in it is no valid Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Invalid(folder, $"{StateFile} is damaged: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(folder, $"cannot be read: {e.Message}", e);
        }
    }

    static void Verify(string folder, string name, JsonNode? file)
    {
        if (name.Length == 0 || name != Path.GetFileName(name) || name is "." or ".." || name.Any(char.IsControl))
            throw Invalid(folder, $"{StateFile} names a file outside the folder");
        if (file is not JsonObject || !TryInteger(file["bytes"], out long bytes) || file["sha256"] is not JsonValue value
            || !value.TryGetValue(out string? hash))
            throw Invalid(folder, $"{StateFile} says nothing of length and hash of {name}");
        FileInfo info = new(Path.Combine(folder, name));
        if (!info.Exists) throw Invalid(folder, $"{name} is missing");
        if (info.Length != bytes) throw Invalid(folder, $"{name} has {info.Length} bytes, {bytes} were written");
        using FileStream s = info.OpenRead();
        if (Convert.ToHexStringLower(SHA256.HashData(s)) != hash)
            throw Invalid(folder, $"{name} was changed or damaged: its SHA-256 differs");
    }

    static bool TryInteger(JsonNode? node, out long value)
    {
        value = 0;
        return node is JsonValue v && v.TryGetValue(out value);
    }

    static RunFileException Invalid(string folder, string reason, Exception? inner = null) => new($"{folder}: {reason}.", inner);
}
