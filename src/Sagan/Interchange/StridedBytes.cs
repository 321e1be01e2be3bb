namespace Sagan.Native.Interchange;

/// <summary>Elements that lie anyhow, in the order of their indices.</summary>
static class StridedBytes
{
    /// <summary>
    /// The elements (i, j, ...) of <paramref name="size"/> bytes each that lie at i stride[0] + j stride[1] + ... of
    /// <paramref name="from"/>, row by row. The caller has checked that they do, and that there are fewer than 2 GiB.
    /// </summary>
    public static byte[] Gather(ReadOnlySpan<byte> from, long[] shape, long[] stride, int size)
    {
        byte[] rows = new byte[shape.Aggregate((long)size, (product, n) => product * n)];
        long[] index = new long[shape.Length];
        long at = 0;
        for (int to = 0; to < rows.Length; to += size)
        {
            from.Slice((int)at * size, size).CopyTo(rows.AsSpan(to));
            for (int axis = index.Length - 1; axis >= 0; axis--)
            {
                at += stride[axis];
                if (++index[axis] < shape[axis]) break;
                at -= shape[axis] * stride[axis];
                index[axis] = 0;
            }
        }
        return rows;
    }
}
