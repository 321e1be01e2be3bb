using System.Globalization;
using Sagan.Native.Data.Images;
using Sagan.Native.IO;

namespace Sagan.Native.Inspection;

/// <summary>
/// The maps of one step of a run, as it keeps them while it trains (training.attentionEvery): a few images, and of each attention layer of
/// the generator q, k and gamma, from which every map can be computed. A safetensors file:
/// <code>images          bytes [N, H, W, C]
/// g.attn1.q       [N, heads, Size^2, dk]     g.attn1.k  [N, heads, M, dk]
/// metadata        step, g.attn1.scale, g.attn1.gamma</code>
/// </summary>
public sealed class AttentionRecord
{
    AttentionRecord(long step, IReadOnlyList<Image> images, IReadOnlyList<CapturedAttention> layers) =>
        (Step, Images, Layers) = (step, images, layers);

    /// <summary>The step.</summary>
    public long Step { get; }

    /// <summary>What the generator made of the same noise at each step.</summary>
    public IReadOnlyList<Image> Images { get; }

    /// <summary>The layers that took part.</summary>
    public IReadOnlyList<CapturedAttention> Layers { get; }

    /// <summary>About how many bytes the file of a layer's maps has, for each sample.</summary>
    internal static long BytesOf(AttentionLayer l) => 4L * (l.Size * l.Size + l.Keys) * l.Heads * l.KeyWidth;

    internal static void Save(string path, long step, AttentionPass pass)
    {
        Image first = pass.Images[0];
        SafetensorsWriter file = new() { Metadata = { ["step"] = step.ToString(CultureInfo.InvariantCulture) } };
        file.Add("images", new Shape(pass.Images.Count, first.Height, first.Width, first.Channels),
            pass.Images.SelectMany(i => i.Pixels).ToArray());
        foreach (CapturedAttention c in pass.Layers)
        {
            AttentionLayer l = c.Layer;
            file.Add($"{l.Name}.q", new Shape(c.Count, l.Heads, l.Size * l.Size, c.KeyWidth), c.Q);
            file.Add($"{l.Name}.k", new Shape(c.Count, l.Heads, l.Keys, c.KeyWidth), c.K);
            file.Metadata[$"{l.Name}.scale"] = c.Scale.ToString("R", CultureInfo.InvariantCulture);
            file.Metadata[$"{l.Name}.gamma"] = c.Gamma.ToString("R", CultureInfo.InvariantCulture);
        }
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        file.Save(path);
    }

    /// <summary>Reads a record of a run with these layers.</summary>
    /// <exception cref="RunFileException">The file is damaged, or of another network.</exception>
    internal static AttentionRecord Read(string path, IReadOnlyList<AttentionLayer> layers)
    {
        try
        {
            using SafetensorsReader file = new(path);
            long Whole(string key) => long.Parse(file.Metadata[key], NumberStyles.None, CultureInfo.InvariantCulture);
            float Number(string key) => float.Parse(file.Metadata[key], NumberStyles.Float, CultureInfo.InvariantCulture);
            float[] Values(string name, long count)
            {
                float[] values = new float[count];
                file.Read(name, values.AsSpan());
                return values;
            }
            IReadOnlyList<long> s = file["images"].Shape;
            if (s.Count != 4 || s[0] is not (>= 1 and <= AttentionPass.MostSamples))
                throw new FormatException($"images are [{string.Join(", ", s)}]");
            int count = (int)s[0];
            byte[] pixels = file.Read<byte>("images");
            int length = pixels.Length / count;
            Image[] images = [.. Enumerable.Range(0, count).Select(i =>
                new Image((int)s[2], (int)s[1], (int)s[3], pixels[(i * length)..((i + 1) * length)]))];
            return new AttentionRecord(Whole("step"), images, [.. layers.Where(l => file.Contains($"{l.Name}.q")).Select(l =>
                new CapturedAttention(l, count, Number($"{l.Name}.scale"), Number($"{l.Name}.gamma"),
                    Values($"{l.Name}.q", (long)count * l.Heads * l.Size * l.Size * l.KeyWidth),
                    Values($"{l.Name}.k", (long)count * l.Heads * l.Keys * l.KeyWidth)))]);
        }
        catch (Exception e) when (e is FormatException or OverflowException or KeyNotFoundException or ArgumentException or IOException
            or UnauthorizedAccessException)
        {
            throw new RunFileException($"{path}: the maps of a step cannot be read: {e.Message.TrimEnd('.')}; delete the file to leave the "
                + "step out.", e);
        }
    }
}
