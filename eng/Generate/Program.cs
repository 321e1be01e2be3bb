using Sagan.Native.Generation;

DirectoryInfo? root = new(Environment.CurrentDirectory);
while (root != null && !File.Exists(Path.Combine(root.FullName, "Sagan.Native.sln"))) root = root.Parent;
if (root == null)
{
    Console.Error.WriteLine($"error: no Sagan.Native.sln in or above {Environment.CurrentDirectory}; run it inside the checkout.");
    return 1;
}
foreach ((string path, string text) in GeneratedFiles.All)
{
    string full = Path.Combine(root.FullName, path);
    bool isFresh = File.Exists(full) && File.ReadAllText(full) == text;
    if (!isFresh) File.WriteAllText(full, text);
    Console.WriteLine($"{(isFresh ? "fresh  " : "written")} {path}");
}
return 0;
