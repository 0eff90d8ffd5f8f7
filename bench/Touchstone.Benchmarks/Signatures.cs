using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Touchstone.Benchmarks;

/// <summary>Bare signatures of the framework, as many as fit into some seconds, over as many bytes as a signed answer has: what a signed introspection can't be faster than.</summary>
internal static class Signatures
{
    private const int Bytes = 640;

    /// <summary>Prints signatures a second. Nothing but the last part of the time is counted: until then code is compiled.</summary>
    internal static void Run(string algorithm, int seconds)
    {
        if (algorithm != "ES256") throw new ArgumentException("Only ES256.", nameof(algorithm));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (data, signature) = (RandomNumberGenerator.GetBytes(Bytes), new byte[64]);
        Count(key, data, signature, TimeSpan.FromSeconds(1));
        Console.WriteLine(Count(key, data, signature, TimeSpan.FromSeconds(seconds)).ToString("F0", CultureInfo.InvariantCulture));
    }

    private static double Count(ECDsa key, byte[] data, byte[] signature, TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        var count = 0;
        while (Stopwatch.GetElapsedTime(began) < time)
        {
            for (var i = 0; i < 100; i++)
            {
                data[0]++;
                key.TrySignData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out _);
            }
            count += 100;
        }
        return count / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
