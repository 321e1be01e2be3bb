using System.Globalization;
using System.Text;

namespace Sagan.Native;

public sealed partial class Tensor
{
    /// <summary>Shape and values: all of them up to 1000, then the first and last three of each axis. Matrices have a line for each row,
    /// and their points stand below each other.</summary>
    public override string ToString() => IsAlive ? new Printer(this).Print() : $"{Describe()} (released)";

    sealed class Printer(Tensor t)
    {
        const int MostShown = 1000, Edge = 3, MostOnOneLine = 100, Digits = 5;

        readonly float[] values = t.Detach().ToArray();
        readonly StringBuilder text = new(t.Describe() + " ");
        // Of the longest number. Padding is for more than one line.
        int width;
        string format = $"G{Digits}";
        bool lines;

        public string Print()
        {
            int start = text.Length;
            Axis(0, 0);
            bool isMatrix = t.Rank == 2 && t.Shape[0] > 1 && t.Shape[1] > 0;
            if (t.Rank < 2 || (!isMatrix && text.Length - start <= MostOnOneLine)) return text.ToString();
            // The first pass looked for the width; the second for the width with a format for all.
            (lines, format, width) = (true, CommonFormat(), 0);
            for (int pass = 0; pass < 2; pass++)
            {
                text.Length = start - 1;
                text.Append('\n');
                Axis(0, 0);
            }
            return text.ToString();
        }

        // So many decimals for all as the one needs that needs most, where that shows the largest and the smallest well.
        string CommonFormat()
        {
            (double largest, double smallest, int decimals) = (0, double.MaxValue, 0);
            foreach (float v in values)
            {
                if (!float.IsFinite(v)) return format;
                if (v == 0) continue;
                (largest, smallest) = (Math.Max(largest, Math.Abs(v)), Math.Min(smallest, Math.Abs(v)));
                string number = Math.Abs(v).ToString(format, CultureInfo.InvariantCulture);
                if (number.Contains('E', StringComparison.Ordinal)) return format;
                int point = number.IndexOf('.', StringComparison.Ordinal);
                decimals = Math.Max(decimals, point < 0 ? 0 : number.Length - point - 1);
            }
            int most = largest >= 1 ? Math.Max(0, Digits - 1 - (int)Math.Log10(largest)) : Digits;
            decimals = Math.Min(decimals, most);
            return smallest < 10 * Math.Pow(10, -decimals) && decimals > 0 && smallest < 1 ? WithSmall() : $"F{decimals}";

            // A small number that is exact with these decimals is shown well all the same.
            string WithSmall() => values.All(v => Math.Abs(Math.Round(v, decimals) - v) <= 1e-3 * Math.Abs(v)) ? $"F{decimals}" : format;
        }

        void Axis(int axis, int at)
        {
            if (axis == t.Rank)
            {
                string number = values[at].ToString(format, CultureInfo.InvariantCulture);
                width = Math.Max(width, number.Length);
                text.Append(lines ? number.PadLeft(width) : number);
                return;
            }
            int n = t.Shape[axis], inner = t.Shape.Product(axis + 1, t.Rank);
            text.Append('[');
            for (int i = 0; i < n; i++)
            {
                if (i > 0) Divide(axis);
                if (values.Length > MostShown && n > 2 * Edge && i == Edge)
                {
                    text.Append("...");
                    Divide(axis);
                    i = n - Edge;
                }
                Axis(axis + 1, at + i * inner);
            }
            text.Append(']');
        }

        // Between rows the end of the line and a space for each open bracket, between matrices an empty line.
        void Divide(int axis)
        {
            if (!lines || axis == t.Rank - 1) text.Append(", ");
            else text.Append('\n', Math.Min(2, t.Rank - 1 - axis)).Append(' ', axis + 1);
        }
    }
}
