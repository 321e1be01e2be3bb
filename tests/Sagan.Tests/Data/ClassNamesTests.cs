using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

public sealed class ClassNamesTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("cats", "cats")]
    [InlineData(" cats , dogs,, ", "cats|dogs")]
    [InlineData("\"cats, dogs\",birds", "cats, dogs|birds")]
    [InlineData("birds , \"the \"\"big\"\" one\" ", "birds|the \"big\" one")]
    [InlineData("5\" discs,\" x \"", "5\" discs| x ")]
    public void A_line_is_names(string line, string names)
    {
        Assert.True(ClassNames.TryParse(line, out string[]? found));
        Assert.Equal(names.Length == 0 ? [] : names.Split('|'), found);
        Assert.True(ClassNames.TryParse(ClassNames.Join(found), out string[]? again));
        Assert.Equal(found, again);
    }

    [Theory]
    [InlineData("\"cats")]
    [InlineData("cats,\"dogs\" small")]
    [InlineData("\"")]
    public void A_quote_that_is_not_closed_is_refused(string line)
    {
        Assert.False(ClassNames.TryParse(line, out _));
        Assert.Contains($"data.classes = {line} (from --set): a name in quotes ends with one", Assert.Throws<ConfigException>(() =>
            ResolvedConfig.Resolve(new ConfigSources { Set = [$"data.classes={line}"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_with_a_comma_in_its_name_is_chosen_by_what_the_error_shows()
    {
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["birds", "cats, dogs"])
            ImageFile.Save(folder / $"data/{name}/0.png", Creature.FromSeed(1, 0).Draw(16));
        ImageDataset Open(string classes) =>
            Dataset.Open(folder.File("data"), new DataConfig { Classes = classes }.Options(size: 16, channels: 3));

        Assert.Contains("there is no class 'cats'; there are birds, \"cats, dogs\"",
            Assert.Throws<DataException>(() => Open("cats, dogs")).Message, StringComparison.Ordinal);
        using ImageDataset chosen = Open("\"cats, dogs\"");
        Assert.Equal(("cats, dogs", 1), (Assert.Single(chosen.Report.Classes).Name, chosen.Count));
    }
}
