using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Sagan.Native.Training.Checkpoints;

[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(JsonObject))]
sealed partial class CheckpointJson : JsonSerializerContext;
