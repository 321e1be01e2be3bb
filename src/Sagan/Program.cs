Console.WriteLine("sagan");
