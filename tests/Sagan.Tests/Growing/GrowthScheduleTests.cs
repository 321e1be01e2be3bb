using Sagan.Native.Configuration;
using Sagan.Native.Models;
using Sagan.Native.Training;

namespace Sagan.Native.Tests.Growing;

[Quick]
public class GrowthScheduleTests
{
    static RunConfig Config(int size, int from, int grow, int fade) => new()
    {
        Model = new() { Size = size, GrowFrom = from },
        Training = new() { GrowSteps = grow, FadeSteps = fade },
    };

    [Fact]
    public void Sizes_double_and_fade_in_by_equal_weights_none_of_them_0()
    {
        RunConfig c = Config(32, 8, 3, 4);
        (int, float)[] expected =
        [
            (8, 1), (8, 1), (8, 1), (16, 0.2f), (16, 0.4f), (16, 0.6f), (16, 0.8f),
            (16, 1), (16, 1), (16, 1), (32, 0.2f), (32, 0.4f), (32, 0.6f), (32, 0.8f), (32, 1), (32, 1),
        ];
        Assert.Equal(expected, Enumerable.Range(0, expected.Length)
            .Select(k => (GrowthSchedule.At(c, k).Size, GrowthSchedule.At(c, k).Alpha)));
        Assert.Equal(14, GrowthSchedule.End(c));
        Assert.Equal(new Growth(32, 1), GrowthSchedule.At(c, int.MaxValue));
        Assert.Equal("8x8 to step 3, 16x16 fades in until 7 and stays to 10, 32x32 fades in until 14", GrowthSchedule.Describe(c));
    }

    [Fact]
    public void Without_fading_a_size_is_there_at_once()
    {
        RunConfig c = Config(28, 7, 2, 0);
        Assert.Equal([(7, 1f), (7, 1f), (14, 1f), (14, 1f), (28, 1f)],
            Enumerable.Range(0, 5).Select(k => (GrowthSchedule.At(c, k).Size, GrowthSchedule.At(c, k).Alpha)));
    }

    [Fact]
    public void Networks_that_do_not_grow_are_complete_from_the_start()
    {
        Assert.Equal(new Growth(64, 1), GrowthSchedule.At(Config(64, 0, 1000, 1000), 0));
        Assert.Equal(0, GrowthSchedule.End(Config(64, 0, 1000, 1000)));
    }

    [Fact]
    public void The_longest_schedule_does_not_overflow()
    {
        RunConfig c = Config(256, 4, int.MaxValue, int.MaxValue);
        Assert.Equal(6 * 2L * int.MaxValue, GrowthSchedule.End(c));
        Assert.Equal(new Growth(8, 1 / (int.MaxValue + 1f)), GrowthSchedule.At(c, int.MaxValue));
    }

    [Theory]
    [InlineData("model.growFrom = 12 (from --set): networks of this family for 32x32 can grow from 4, 8, 16; 0 = they do not grow.",
        "model.growFrom=12")]
    [InlineData("model.growFrom = 32", "model.growFrom=32")]
    [InlineData("can grow from 8, 16;", "model.growFrom=4", "model.family=resnet", "model.dAttention=8")]
    [InlineData("can grow from 16;", "model.growFrom=8", "model.family=upconv", "model.gAttention=16", "model.spectralNorm=none")]
    [InlineData("training.growSteps = 0", "model.growFrom=8", "training.growSteps=0")]
    [InlineData("training.fadeSteps = -1", "model.growFrom=8", "training.fadeSteps=-1")]
    public void Impossible_sizes_and_steps_are_refused_with_the_possible_ones(string expected, params string[] set)
    {
        ConfigException e = Assert.Throws<ConfigException>(() => ResolvedConfig.Resolve(new ConfigSources { Preset = "demo", Set = set }));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_ends_before_its_networks_are_complete_is_warned_of()
    {
        string[] set = ["model.growFrom=8", "training.growSteps=100", "training.fadeSteps=50"];
        Assert.Contains("complete after 300 steps, and the run ends after 299",
            ResolvedConfig.Resolve(new ConfigSources { Preset = "demo", Set = [.. set, "training.steps=299"] }).Warnings.Single());
        Assert.Empty(ResolvedConfig.Resolve(new ConfigSources { Preset = "demo", Set = [.. set, "training.steps=300"] }).Warnings);
    }
}
