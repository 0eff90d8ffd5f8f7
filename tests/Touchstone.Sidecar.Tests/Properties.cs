using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Touchstone.Sidecar.Tests;

/// <summary>Runs a property over generated values, always the same ones: a failure here is a failure everywhere.</summary>
internal static class Properties
{
    private static readonly FSharpOption<Replay> Seed = FSharpOption<Replay>.Some(new Replay(new Rnd(20261121, 7), FSharpOption<int>.None));

    internal static void Hold<T>(Gen<T> values, Action<T> property, int runs = 1000) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(runs).WithReplay(Seed), Prop.ForAll(values.ToArbitrary(), property));
}
