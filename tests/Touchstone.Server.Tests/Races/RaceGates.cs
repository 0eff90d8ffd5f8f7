using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Races;

/// <summary>Where the requests of a world wait: before and behind each call to the store. Whoever else calls the store passes.</summary>
internal sealed class RaceGates : IStartupFilter
{
    internal const string Header = "Race";

    private readonly AsyncLocal<Racer?> _current = new();
    private readonly ConcurrentDictionary<int, Racer> _racers = new();
    private readonly ConcurrentDictionary<string, Racer> _ending = new(StringComparer.Ordinal);

    /// <summary>Tokens of administrators. That such a one is looked up is no step of what they ask for.</summary>
    internal ConcurrentDictionary<TokenHash, bool> Exempt { get; } = new();

    internal void Add(Racer racer) => _racers[racer.Id] = racer;

    internal void Clear()
    {
        _racers.Clear();
        _ending.Clear();
    }

    internal async ValueTask PassAsync(string at, bool isWrite = false)
    {
        if (_current.Value is { IsOver: false, JoinedTo: null } racer) await racer.ParkAsync(at, isWrite);
    }

    // Those that meet a use at once end the family together: the first does, the others wait for it, and at no gate.
    internal void Saw(RefreshUse? use)
    {
        if (use is null || _current.Value is not { IsRefresh: true, IsOver: false } racer) return;
        if (_ending.TryGetValue(use.Grant, out var owner) && owner is { IsOver: false }) racer.Join(owner);
        else _ending[use.Grant] = racer;
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (http, following) =>
        {
            if (http.Request.Headers[Header] is [{ } id]) _current.Value = _racers[int.Parse(id, CultureInfo.InvariantCulture)];
            await following(http);
        });
        next(app);
    };

    internal void Install(WebApplicationBuilder builder, Func<IServiceProvider, RaceStore> make)
    {
        builder.Services.AddSingleton<IStartupFilter>(this);
        builder.Services.AddSingleton(make);
        builder.Services.AddSingleton<ITokenStore>(services => services.GetRequiredService<RaceStore>());
        builder.Services.AddSingleton<ISubjectStore>(services => services.GetRequiredService<RaceStore>());
    }
}
