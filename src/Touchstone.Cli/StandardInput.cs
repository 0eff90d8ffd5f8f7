using System.Text;

namespace Touchstone.Cli;

/// <summary>Secrets and tokens may come from here, so that they stand in no shell history and no process list.</summary>
internal static class StandardInput
{
    private const int MaxLine = 8 * 1024;

    internal static async Task<Outcome<string>> ReadLineAsync(string what, CancellationToken stop)
    {
        // Reading the console can't be cancelled; leaving the read behind can.
        var line = await Task.Run(ReadLine, CancellationToken.None).WaitAsync(stop);
        return line switch
        {
            null => Failure.Usage($"the line with the {what} on standard input is longer than 8 KiB"),
            "" => Failure.Usage($"standard input holds no {what}: give it on a line of its own"),
            _ => line,
        };
    }

    private static string? ReadLine()
    {
        var line = new StringBuilder();
        for (var next = Console.In.Read(); next is not (-1 or '\n'); next = Console.In.Read())
        {
            if (line.Length == MaxLine) return null;
            line.Append((char)next);
        }

        return line.ToString().Trim();
    }
}
