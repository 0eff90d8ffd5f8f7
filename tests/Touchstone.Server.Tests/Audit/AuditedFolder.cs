using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Tests.Audit;

/// <summary>A data folder that a server left, with records of both chains, to be tampered with by hand.</summary>
internal sealed class AuditedFolder : IDisposable
{
    private readonly TempFolder _folder = new();

    internal string Data => _folder.Path;

    internal string Segment => AuditSegments.List(Data)[^1].Path;

    /// <summary>Every token and secret that was used.</summary>
    internal List<string> Secrets { get; } = [];

    internal static Task<AuditedFolder> MakeAsync(IntrospectionAudit mode = IntrospectionAudit.All) => MakeAsync(options => options.Audit.Introspection = mode);

    internal static async Task<AuditedFolder> MakeAsync(Action<ServerOptions> options)
    {
        var folder = new AuditedFolder();
        await folder.UseAsync(options);
        return folder;
    }

    /// <summary>A server runs on the folder, issues, introspects, revokes, refuses, and stops.</summary>
    internal async Task UseAsync(Action<ServerOptions>? options = null, ManualTime? time = null, string suffix = "")
    {
        await using var server = await TestServer.StartAsync(options, data: Data, time: time);
        var orders = await server.Admin.AddClientAsync(new { client_id = "rs-orders" + suffix, kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        var shop = await server.Admin.AddClientAsync(new { client_id = "web-shop" + suffix, kind = "client", audience = new[] { Acme.OrdersApi }, scope = "orders:read" });
        Secrets.AddRange([orders.Secret!, shop.Secret!, server.AdminClient.Secret!]);
        for (var i = 0; i < 5; i++)
        {
            var token = await server.Admin.IssueAsync(new { client_id = "web-shop" + suffix, sub = "u-4821", session = "s-77", scope = "orders:read", aud = Acme.OrdersApi });
            Secrets.Add(token);
            (await server.OAuth.IntrospectAsync(token, orders)).ShouldBeActive();
            if (i % 2 == 0) await server.Admin.RevokeAsync(token);
            (await server.OAuth.IntrospectAsync(token, orders)).Status.ShouldBe(200);
        }
        Secrets.Add("wrong-secret-4711");
        (await server.OAuth.IntrospectAsync("a-token-nobody-issued-0815", orders)).ShouldBeInactive();
        (await server.OAuth.IntrospectAsync(Secrets[3], orders with { Secret = "wrong-secret-4711" })).Status.ShouldBe(401);
        Secrets.Add("a-token-nobody-issued-0815");
        await server.Admin.ChangeAsync("web-shop" + suffix, "rotate-secret");
        await server.Services.GetRequiredService<AuditLog>().FlushAsync();
    }

    internal AuditReport Verify(string? checkpoint = null) => AuditVerification.Verify(Data, checkpoint, TestStore.Connection(Data));

    internal IReadOnlyList<System.Text.Json.JsonElement> Records(params IReadOnlyList<string> kinds)
    {
        using var query = AuditQuery.Open(Data, new AuditFilter { Kinds = kinds }, TestStore.Connection(Data));
        return [.. query.All()];
    }

    internal string Export()
    {
        var path = _folder.File("exported.json");
        File.WriteAllText(path, ExportedCheckpoint.Export(Data, TestStore.Connection(Data)));
        return path;
    }

    /// <summary>Runs a statement on the database, as somebody with the file can.</summary>
    internal void Sql(string statement)
    {
        using var connection = Connect();
        Server.Storage.Sqlite.Sql.Execute(connection, statement);
    }

    internal List<(long N, string Record)> Changes()
    {
        using var connection = Connect();
        return [.. Server.Storage.Sqlite.Sql.Read(connection, "SELECT n, record FROM audit ORDER BY n", row => (row.GetInt64(0), Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(1))))];
    }

    internal void Put(long n, string record)
    {
        using var connection = Connect();
        Server.Storage.Sqlite.Sql.Execute(connection, "UPDATE audit SET record = $record WHERE n = $n", ("$record", Encoding.UTF8.GetBytes(record)), ("$n", n));
    }

    /// <summary>Writes the lines of the newest file of introspections anew.</summary>
    internal void Lines(Func<List<string>, IEnumerable<string>> change)
    {
        var lines = File.ReadAllLines(Segment).ToList();
        File.WriteAllText(Segment, string.Concat(change(lines).Select(line => line + "\n")));
    }

    public void Dispose() => _folder.Dispose();

    private SqliteConnection Connect()
    {
        Assert.SkipWhen(TestStore.Connection(Data) is not null, "it changes SQLite's file");
        var connection = new SqliteConnection($"Data Source={System.IO.Path.Combine(Data, "touchstone.db")};Pooling=False");
        connection.Open();
        return connection;
    }
}
