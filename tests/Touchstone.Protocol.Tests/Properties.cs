using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Touchstone.Protocol.Tests;

/// <summary>Runs a property over generated values, always the same ones: a failure here is a failure everywhere.</summary>
internal static class Properties
{
    private static readonly FSharpOption<Replay> Seed = FSharpOption<Replay>.Some(new Replay(new Rnd(20261121, 7), FSharpOption<int>.None));

    /// <summary>Any bytes.</summary>
    internal static Gen<byte[]> Bytes { get; } = Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf();

    /// <summary>Any Unicode text, without half surrogate pairs.</summary>
    internal static Gen<string> Text { get; } = Gen.Frequency(
            (6, Gen.Choose(0x20, 0x7E)), (2, Gen.Elements(0, '\n', '\r', '%', '+', '&', '=', ':', ' ', 0xFF)),
            (1, Gen.Choose(0x80, 0xD7FF)), (1, Gen.Choose(0xE000, 0x10FFFF)))
        .ArrayOf().Select(runes => string.Concat(runes.Select(rune => new Rune(rune).ToString())));

    /// <summary>Any UTF-16 code units, half surrogate pairs included.</summary>
    internal static Gen<string> Chars { get; } = Gen.Frequency((4, Gen.Choose(0x20, 0x7E)), (1, Gen.Choose(0, 0xFFFF)))
        .ArrayOf().Select(units => string.Concat(units.Select(unit => (char)unit)));

    /// <summary>Texts put together from these pieces: more likely than any bytes to get past the first check of a parser.</summary>
    internal static Gen<string> From(params string[] pieces) => Gen.Elements(pieces).ArrayOf().Select(string.Concat);

    internal static void Hold<T>(Gen<T> values, Action<T> property, int runs = 1000) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(runs).WithReplay(Seed), Prop.ForAll(values.ToArbitrary(), property));
}
