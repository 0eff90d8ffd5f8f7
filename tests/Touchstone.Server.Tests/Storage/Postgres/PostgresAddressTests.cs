using Touchstone.Server.Storage.Postgres;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>How a database is named, and that a wrong name is not repeated: a password stands in it.</summary>
public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("Host=db;Database=d;Username=u;Password=p", "db", 5432, "d", "u", "p")]
    [InlineData("postgresql://u:p%40ss@db:5433/d", "db", 5433, "d", "u", "p@ss")]
    [InlineData("postgres://db/d", "db", 5432, "d", null, null)]
    public void Both_forms_are_read(string text, string host, int port, string database, string? user, string? password)
    {
        var address = PostgresAddress.Parse(text);
        PostgresAddress.Error(text).ShouldBeNull();
        (address.Host, address.Port, address.Database, address.Username, address.Password).ShouldBe((host, port, database, user, password));
    }

    [Fact]
    public void Names_of_libpq_are_understood_in_a_URL()
    {
        var address = PostgresAddress.Parse("postgresql://u@db/d?sslmode=verify-full&application_name=x&target_session_attrs=read-write");
        address.SslMode.ShouldBe(Npgsql.SslMode.VerifyFull);
        address.ApplicationName.ShouldBe("x");
        address.TargetSessionAttributes.ShouldBe("read-write");
    }

    [Theory]
    [InlineData("Host=db;Pasword=s3cret"), InlineData("s3cret"), InlineData("Host=db;Port=s3cret"), InlineData("postgresql://u:s3cret@:x/"), InlineData("Database=s3cret"), InlineData("postgresql://db/d?nothing=s3cret"), InlineData("")]
    public void What_is_wrong_is_told_without_repeating_it(string text)
    {
        PostgresAddress.Error(text).ShouldNotBeNull().ShouldNotContain("s3cret");
        var configuration = Server.Settings.ServerConfiguration.Read(null, [new("--postgres", text)]);
        (string.Join('\n', configuration.Errors) + string.Join('\n', configuration.Values)).ShouldNotContain("s3cret");
        configuration.Errors.ShouldContain(error => error.StartsWith("Postgres:Connection: ", StringComparison.Ordinal));
    }
}
