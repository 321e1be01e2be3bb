using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Sagan.Native.Augmentation;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Sampling;

namespace Sagan.Native.Training;

/// <summary>
/// The JSON form of <see cref="RunConfig"/>: camelCase keys, enums as kebab-case words, comments and trailing commas allowed.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    Converters = [typeof(WordConverter<ModelFamily>), typeof(WordConverter<WeightInit>), typeof(WordConverter<LatentKind>),
        typeof(WordConverter<ConditionalNormKind>), typeof(WordConverter<PaddingKind>), typeof(WordConverter<AttentionKind>),
        typeof(WordConverter<AttentionSimilarity>), typeof(WordConverter<FakeClassKind>), typeof(WordConverter<WatchAction>),
            typeof(WordConverter<BestKind>),
        typeof(WordConverter<SpectralNormKind>), typeof(WordConverter<LossKind>), typeof(WordConverter<PassKind>),
            typeof(WordConverter<AdamForm>), typeof(WordConverter<AugmentKind>),
        typeof(WordConverter<CropKind>), typeof(WordConverter<NormStatistics>), typeof(WordConverter<MatMulPrecision>),
            typeof(WordConverter<ConvolutionAlgorithm>), typeof(DurationConverter)])]
[JsonSerializable(typeof(RunConfig))]
[JsonSerializable(typeof(IReadOnlyList<int>))]
sealed partial class RunConfigJson : JsonSerializerContext;
