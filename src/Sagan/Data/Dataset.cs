using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>Opens data sets.</summary>
public static class Dataset
{
    /// <summary>Name of the built-in procedural set; a folder of that name is <c>./creatures</c>.</summary>
    public const string Creatures = "creatures";

    /// <summary>
    /// Opens the set <paramref name="source"/>: the word <c>creatures</c>; a folder of images, searched with its subfolders (class folders
    /// give labels); a zip of images; an IDX file, plain or gzip, or a folder with such files; a CIFAR-10 .bin file or a folder of
    /// data_batch_*.bin; a .safetensors, .npz or .npy file with images as a tensor of bytes, such as <see cref="DatasetPack"/> writes.
    /// Files are told apart by content where it tells. Decodes every image once, which may take long: see
    /// <see cref="DatasetOptions.Progress"/>.
    /// </summary>
    /// <exception cref="DataException">There is no such thing, no image in it can be read, or (without SkipBadImages) one
    /// cannot.</exception>
    /// <exception cref="OperationCanceledException">By <paramref name="cancellation"/>.</exception>
    public static ImageDataset Open(string source, DatasetOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        options ??= new DatasetOptions();
        options.Check();
        ImageSource found = Find(source, options, cancellation);
        if (options.Classes.Count == 0) return ImageDataset.Build(found, source, options, cancellation);
        try
        {
            return ImageDataset.Build(new ClassSubset(found, source, options.Classes), source, options, cancellation);
        }
        catch (DataException)
        {
            found.Dispose();
            throw;
        }
    }

    static ImageSource Find(string source, DatasetOptions options, CancellationToken cancellation)
    {
        if (source == Creatures)
        {
            return new CreatureSource(options);
        }
        if (Directory.Exists(source))
        {
            return FindInFolder(source, options.Limit, cancellation);
        }
        if (!File.Exists(source))
        {
            throw new DataException(source, $"no such file or folder (the built-in set is called {Creatures})");
        }
        return FindFile(source, options.Limit, null);
    }

    static ImageSource FindInFolder(string folder, ImageLimit limit, CancellationToken cancellation)
    {
        // Its pictures are a few samples of networks, and the real ones beside them: nobody means to train on those.
        if (File.Exists(Path.Combine(folder, "config.json")) && Directory.Exists(Path.Combine(folder, "checkpoints")))
            throw new DataException(folder,
                "is the folder of a run, not one of images; name the images that the run is of, or its samples folder");
        string[] cifar = Matching(folder, CifarSource.Pattern);
        if (cifar.Length > 0)
        {
            return new CifarSource(cifar);
        }
        string[] idx = [.. Matching(folder, "*images*idx?*ubyte*")
            .Where(path => !path.EndsWith(".tmp", StringComparison.Ordinal) && !Path.GetFileName(path).StartsWith('.'))];
        if (idx.Length > 0)
        {
            string chosen = idx.FirstOrDefault(path => Path.GetFileName(path).StartsWith("train", StringComparison.OrdinalIgnoreCase))
                ?? idx[0];
            string[] others = [.. idx.Where(path => path != chosen).Select(path => Path.GetFileName(path))];
            return FindFile(chosen, limit, others.Length == 0 ? null : $"{Path.GetFileName(chosen)} is read, not "
                + $"{string.Join(", ", others)}");
        }
        FolderSource images = new(folder, limit, cancellation);
        string notes = string.Concat(images.Notes.Select(note => "; " + note));
        return images.Count > 0 ? images
            : throw new DataException(folder, "the folder holds no images, IDX files or CIFAR-10 batches" + notes);
    }

    static ImageSource FindFile(string path, ImageLimit limit, string? note)
    {
        byte[] head = Files.ReadHead(path, 16);
        if (head.AsSpan().StartsWith("PK\u0003\u0004"u8) || head.AsSpan().StartsWith("PK\u0005\u0006"u8))
        {
            ZipSource zip = new(path, Files.Open(path, path), limit);
            if (zip.Count > 0)
            {
                return zip;
            }
            zip.Dispose();
            if (TensorSource.Is(path)) return new TensorSource(path, limit);
            throw new DataException(path, "the archive holds no images" + string.Concat(zip.Notes.Select(n => "; " + n)));
        }
        if (IdxFile.IsGzip(head) || IdxFile.IsIdx(head))
        {
            return new IdxSource(path, Files.ReadAll(path, path), limit, note);
        }
        if (TensorSource.Is(path)) return new TensorSource(path, limit);
        if (ImageFormat.Of(head) is string format)
        {
            throw new DataException(path, $"one {format} image is not a data set: give the folder it lies in");
        }
        if (Path.GetExtension(path).Equals(".bin", StringComparison.OrdinalIgnoreCase))
        {
            return new CifarSource([path]);
        }
        throw new DataException(path, 0, "not a data set: a folder of images, a zip of images, an IDX file, a CIFAR-10 .bin file and a "
            + ".safetensors or .npz of images are read "
            + "(unpack other archives first)");
    }

    static string[] Matching(string folder, string pattern)
    {
        try
        {
            return [.. Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(folder, "the folder cannot be read: " + e.Message, e);
        }
    }
}
