using System.Globalization;
using System.Text;

namespace Sagan.Native;

public sealed partial class Tensor
{
    /// <summary>Shape and values: all of them up to 1000, then the first and last three of each axis. A long matrix has a line for each
    /// row.</summary>
    public override string ToString() => IsAlive ? new Printer(this).Print() : $"{Describe()} (released)";

    sealed class Printer(Tensor t)
    {
        const int MostShown = 1000, Edge = 3, MostOnOneLine = 100;

        readonly float[] values = t.Detach().ToArray();
        readonly StringBuilder text = new(t.Describe() + " ");
        // Of the longest number. Padding is for more than one line.
        int width;
        bool lines;

        public string Print()
        {
            int start = text.Length;
            Axis(0, 0);
            if (t.Rank < 2 || text.Length - start <= MostOnOneLine) return text.ToString();
            text.Length = start - 1;
            text.Append('\n');
            lines = true;
            Axis(0, 0);
            return text.ToString();
        }

        void Axis(int axis, int at)
        {
            if (axis == t.Rank)
            {
                string number = values[at].ToString("G5", CultureInfo.InvariantCulture);
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
