using System.Globalization;
using BenchmarkDotNet.Running;
using Touchstone.Benchmarks;

// The scripts beside this start all but the last; everything else is BenchmarkDotNet's.
switch (args)
{
    case ["bare", var url]:
        await BareServer.RunAsync(url);
        return 0;
    case ["allow", var url]:
        await BareServer.AllowAsync(url);
        return 0;
    case ["prepare", var server, var data, var count, var output]:
        await Prepare.RunAsync(new Uri(server), data, Number(count), output);
        return 0;
    case ["prepare", var server, var data, var count, var output, var callers, var brought]:
        await Prepare.RunAsync(new Uri(server), data, Number(count), output, Number(callers), brought);
        return 0;
    case ["prepare-jwts", var server, var data, var count, var output]:
        await Prepare.JwtsAsync(new Uri(server), data, Number(count), output);
        return 0;
    case ["expired", var server, var data, var count]:
        await Prepare.ExpiredAsync(new Uri(server), data, Number(count));
        return 0;
    case ["fill", var connection, var first, var count, var expiresIn]:
        await Fill.RunAsync(connection, Number(first), Number(count), int.Parse(expiresIn, CultureInfo.InvariantCulture));
        return 0;
    case ["direct", var connection, var table, var tokens, var connections, var seconds]:
        await DirectLookups.RunAsync(connection, table, Number(tokens), Number(connections), Number(seconds));
        return 0;
    case ["feed", var server, var data, var process]:
        return await FeedBar.RunAsync(new Uri(server), data, Number(process)) ? 0 : 1;
    case ["barrier", var nodes, var data, var process]:
        using (var barrier = await BarrierBar.ConnectAsync([.. nodes.Split(',').Select(node => new Uri(node))], data))
            return await barrier.HealthyAsync(50, 20, 5, 25) & await barrier.KilledAsync(50, 10, Number(process), 2_400) ? 0 : 1;
    case ["sidecar-revocation", var proxy, var server, var data, var count]:
        return await SidecarRevocationBar.RunAsync(new Uri(proxy), new Uri(server), data, Number(count), 100) ? 0 : 1;
    case ["api", var url, var kind, var tokens]:
        await ProtectedApi.RunAsync(url, kind, tokens);
        return 0;
    case ["api", var url, var kind, var tokens, var server]:
        await ProtectedApi.RunAsync(url, kind, tokens, new Uri(server));
        return 0;
    case ["response", var server, var data, var algorithm]:
        await Prepare.ResponseAsync(new Uri(server), data, algorithm);
        return 0;
    case ["sign", var algorithm, var seconds]:
        Signatures.Run(algorithm, Number(seconds));
        return 0;
    case ["client"]:
        return await ClientBar.RunAsync() ? 0 : 1;
    case ["miss", var server, var file, var rounds]:
        return await MissBar.RunAsync(new Uri(server), file, Number(rounds)) ? 0 : 1;
    case ["million", var server, var data, var file]:
        return await Bars.MillionAsync(new Uri(server), data, file) ? 0 : 1;
    case ["all-active", var server, var data, var file]:
        return await Bars.AllActiveAsync(new Uri(server), data, file) ? 0 : 1;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
