using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>The images of some classes of a source; their labels are the classes' places in the list.</summary>
sealed class ClassSubset : ImageSource
{
    readonly ImageSource source;
    readonly int[] items, labels;

    /// <summary>Owns the source. Throws <see cref="DataException"/> for a class that it does not have.</summary>
    public ClassSubset(ImageSource source, string name, IReadOnlyList<string> classes)
    {
        this.source = source;
        int[] place = new int[source.Classes.Count];
        Array.Fill(place, -1);
        for (int i = 0; i < classes.Count; i++)
        {
            int at = Enumerable.Range(0, place.Length).FirstOrDefault(k => source.Classes[k] == classes[i], -1);
            if (at < 0) throw new DataException(name, $"there is no class '{classes[i]}'; {Known(source.Classes)}");
            if (place[at] >= 0) throw new DataException(name, $"the class '{classes[i]}' is named twice");
            place[at] = i;
        }
        items = [.. Enumerable.Range(0, source.Count).Where(i => place[source.Label(i)] >= 0)];
        labels = [.. items.Select(i => place[source.Label(i)])];
        Classes = classes;
    }

    public override string Kind => source.Kind;

    public override int Count => items.Length;

    public override IReadOnlyList<string> Classes { get; }

    public override IEnumerable<string> Notes => [.. source.Notes, $"{Classes.Count} of {source.Classes.Count} classes are used"];

    public override string Name(int index) => source.Name(items[index]);

    public override int Label(int index) => labels[index];

    public override Image Read(int index) => source.Read(items[index]);

    public override void Dispose()
    {
        source.Dispose();
        base.Dispose();
    }

    static string Known(IReadOnlyList<string> classes) =>
        classes.Count == 0 ? "the set has no classes"
            : $"there are {string.Join(", ", classes.Take(20).Select(ClassNames.Quote))}"
                + (classes.Count > 20 ? $" and {classes.Count - 20} more" : "");
}
