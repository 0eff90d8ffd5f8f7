using BenchmarkDotNet.Running;
using Touchstone.Benchmarks;

// bench/run starts the first two; everything else is BenchmarkDotNet's.
switch (args)
{
    case ["bare", var url]:
        await BareServer.RunAsync(url);
        break;
    case ["prepare", var server, var data, var count, var output]:
        await Prepare.RunAsync(new Uri(server), data, int.Parse(count, System.Globalization.CultureInfo.InvariantCulture), output);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        break;
}
