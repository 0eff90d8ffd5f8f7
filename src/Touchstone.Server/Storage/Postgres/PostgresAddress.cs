using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Where the database is, as it was given: keywords and values, or a URL. What can't be read is told without repeating it, since a password stands in it.</summary>
internal static class PostgresAddress
{
    private const string Unreadable = "can't be read. Give keywords, such as Host=db.example.com;Database=touchstone;Username=touchstone, or a URL, such as postgresql://touchstone@db.example.com/touchstone.";

    /// <summary>What is wrong with an address, or null.</summary>
    internal static string? Error(string text)
    {
        try
        {
            return string.IsNullOrEmpty(Parse(text).Host) ? "names no Host." : null;
        }
        catch (StoreException failed)
        {
            return failed.Message;
        }
    }

    internal static NpgsqlConnectionStringBuilder Parse(string text)
    {
        try
        {
            return text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal) ? OfUrl(new Uri(text)) : new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or UriFormatException or InvalidCastException or OverflowException or NotSupportedException)
        {
            throw new StoreException(Unreadable); // Its message may hold the value that it could not read.
        }
    }

    private static NpgsqlConnectionStringBuilder OfUrl(Uri url)
    {
        var address = new NpgsqlConnectionStringBuilder { Host = url.Host };
        if (url.Port > 0) address.Port = url.Port;
        if (url.AbsolutePath.Length > 1) address.Database = Uri.UnescapeDataString(url.AbsolutePath[1..]);
        var user = url.UserInfo.Split(':', 2);
        if (user[0].Length > 0) address.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length == 2) address.Password = Uri.UnescapeDataString(user[1]);
        foreach (var part in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = part.Split('=', 2);
            // libpq's names differ from ours in their form only: sslmode, sslrootcert, application_name.
            var name = pair[0] switch { "sslmode" => "SSL Mode", "sslrootcert" => "Root Certificate", "sslcert" => "SSL Certificate", "sslkey" => "SSL Key", "target_session_attrs" => "Target Session Attributes", var other => other.Replace('_', ' ') };
            var value = Uri.UnescapeDataString(pair.Length == 2 ? pair[1] : "");
            address[name] = pair[0] is "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }
        return address;
    }
}
