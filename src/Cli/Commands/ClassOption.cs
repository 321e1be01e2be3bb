using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Classes of a model, as they are named on the command line.</summary>
static class ClassOption
{
    /// <summary>
    /// The class of this name or number; names come first. Where a name could be taken for a number, or a number for a name, the user is
    /// told which it was. Throws <see cref="UsageException"/> for another one.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="name">What the user calls it.</param>
    /// <param name="context">Where it is told.</param>
    /// <param name="option">The option that it was given with.</param>
    public static int Class(this SaganRun model, string name, CommandContext context, string option = "--class")
    {
        IReadOnlyList<string> classes = model.Classes;
        int count = model.Config.Model.Classes;
        if (!model.Config.Model.Conditional)
            throw new UsageException($"{option} {name}: the model knows no classes; it was trained without --conditional.");
        int at = Enumerable.Range(0, classes.Count).FirstOrDefault(i => classes[i] == name, -1);
        bool isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < count;
        if (at >= 0)
        {
            if (isNumber && number != at)
                context.Terminal.Warning(
                    $"{option} {name}: taken for the class named '{name}', which is number {at}; number {number} is "
                        + $"'{model.NameOf(number)}'.");
            return at;
        }
        if (isNumber)
        {
            if (classes.Any(c => int.TryParse(c, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
                context.Terminal.Warning($"{option} {name}: no class is named so; taken for number {number}, which is "
                    + $"'{model.NameOf(number)}'.");
            return number;
        }
        string known = classes.Count == 0 ? $"0 to {count - 1}" : string.Join(", ", classes.Take(20)) + (classes.Count > 20 ? ", ..." : "");
        throw new UsageException($"{option} {name}: no such class; there are {known}.");
    }

    /// <summary>The classes of a list of names and numbers, separated by commas; a class whose own name has a comma is found too.</summary>
    public static int[] ClassList(this SaganRun model, string list, CommandContext context) => model.Classes.Contains(list)
        ? [model.Class(list, context)]
        : [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(c => model.Class(c, context))];

    /// <summary>The name of each class, by number.</summary>
    public static IEnumerable<string> ClassNames(this SaganRun model) =>
        Enumerable.Range(0, model.Config.Model.Classes).Select(model.NameOf);

    /// <summary>
    /// What a result in JSON says of the classes of its images: the label of each, and the names of the labels; nothing where there are
    /// none.
    /// </summary>
    public static void AddClasses(this SaganRun model, JsonObject result, int[]? labels)
    {
        if (labels == null) return;
        result["labels"] = new JsonArray([.. labels.Select(l => JsonValue.Create(l))]);
        result["classes"] = new JsonArray([.. model.ClassNames().Select(c => JsonValue.Create(c))]);
    }
}
