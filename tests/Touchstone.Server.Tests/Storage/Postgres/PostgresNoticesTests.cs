using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage.Postgres;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>Notifications: anybody who may connect may send and hear them, so what they hold counts only if a node sealed it, and nobody else can read it.</summary>
public sealed class PostgresNoticesTests
{
    private static readonly string _secret = PostgresNotices.NewSecret();
    private static readonly LogCursor _before = new(Guid.NewGuid(), 41, Guid.NewGuid());

    private readonly string _name = Guid.NewGuid().ToString("N");
    private readonly PostgresNotices _sender, _receiver;

    public PostgresNoticesTests()
    {
        _sender = new PostgresNotices(_name);
        _receiver = new PostgresNotices(Guid.NewGuid().ToString("N"));
        _sender.Use(_secret);
        _receiver.Use(_secret);
    }

    private static PostgresTransaction Committed(params RevocationRow[] rows)
    {
        var transaction = new PostgresTransaction();
        foreach (var row in rows) transaction.Append(row);
        transaction.Number(_before.Epoch, _before.Seq + rows.Length, 3, "db", _before.Row, [.. rows.Select(row => row.ForgetAfter)]);
        return transaction;
    }

    [Fact]
    public void Rows_arrive_as_they_were_committed_and_nobody_else_can_read_them()
    {
        var committed = Committed(
            Records.Row(Selector.Subject("https://issuer.example", "alice")) with { Reason = "left the company", IssuedBefore = 12 },
            Records.Row(Selector.Token(TokenHash.Of("a token"u8))), Records.Row(Selector.All));
        var payload = _sender.Rows(committed)!;
        payload.ShouldStartWith($"{_name}.44.3.");
        payload.ShouldNotContain("alice");
        var notice = _receiver.Read(PostgresDatabase.Channel, payload)!;
        (notice.Sender, notice.Seq, notice.ClientChanges).ShouldBe((_name, 44, 3));
        notice.Rows!.Before.ShouldBe(_before);
        notice.Rows.Rows.ShouldBe(committed.Rows);
        notice.Rows.Head.ShouldBe(committed.Head);
    }

    [Fact]
    public void An_acknowledgement_arrives()
    {
        var instance = Guid.NewGuid();
        var payload = _sender.Acknowledged(instance, _before);
        var notice = _receiver.Read(PostgresDatabase.Acknowledged + "x", payload)!;
        notice.Acknowledgement.ShouldBe(new NodeAcknowledgement(instance, _before));
        notice.Seq.ShouldBe(41);
    }

    [Fact]
    public void What_was_changed_or_is_another_kind_or_of_another_installation_only_wakes()
    {
        var payload = _sender.Rows(Committed(Records.Row(Selector.Grant("g"))))!;
        _receiver.Read(PostgresDatabase.Channel, payload)!.Rows.ShouldNotBeNull();
        string[] bad =
        [
            payload.Replace(".42.", ".43.", StringComparison.Ordinal), // Another number than was sealed.
            payload.Replace(_name, Guid.NewGuid().ToString("N"), StringComparison.Ordinal), // Another sender.
            payload[..^4], payload + "AAAA", $"{_name}.42.3.", $"{_name}.42.3.AAAA", $"{_name}.42.3.%", $"{_name}.42.3.{Convert.ToBase64String(new byte[200])}",
        ];
        foreach (var each in bad) _receiver.Read(PostgresDatabase.Channel, each)!.Rows.ShouldBeNull(each);
        _receiver.Read(PostgresDatabase.Acknowledged, payload)!.Acknowledgement.ShouldBeNull();
        _receiver.Use(PostgresNotices.NewSecret());
        _receiver.Read(PostgresDatabase.Channel, payload)!.Rows.ShouldBeNull();
        _receiver.Use(null);
        _receiver.Read(PostgresDatabase.Channel, payload)!.Rows.ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("...")]
    [InlineData("x.1.2")]
    [InlineData("00000000000000000000000000000001.1")]
    [InlineData("00000000000000000000000000000001.-1.2")]
    [InlineData("00000000000000000000000000000001.1.99999999999999999999")]
    public void What_is_none_of_ours_is_told_apart(string payload) => _receiver.Read(PostgresDatabase.Channel, payload).ShouldBeNull();

    [Fact]
    public void A_process_of_an_earlier_version_is_understood()
    {
        var notice = _receiver.Read(PostgresDatabase.Channel, $"{_name}.17.4")!;
        (notice.Seq, notice.ClientChanges, notice.Rows, notice.Acknowledgement).ShouldBe((17, 4, null, null));
    }

    [Fact]
    public void What_does_not_fit_into_a_notification_or_has_more_to_it_than_rows_is_left_to_the_log()
    {
        _sender.Rows(Committed([.. Enumerable.Range(0, 60).Select(i => Records.Row(Selector.Grant($"g-{i}")))])).ShouldBeNull();
        _sender.Rows(Committed([.. Enumerable.Range(0, 500).Select(i => Records.Row(Selector.Grant($"g-{i}")))])).ShouldBeNull();
        _sender.Rows(Committed(Records.Row(Selector.Grant(new string('é', 9000))))).ShouldBeNull();
        var changed = Committed(Records.Row(Selector.Registration("c")));
        changed.Registrations.Add(Records.Client("c"));
        _sender.Rows(changed).ShouldBeNull();
    }

    [Fact]
    public void A_kind_that_this_version_does_not_know_is_left_to_the_log_which_refuses_it()
    {
        var payload = _sender.Rows(Committed(Records.Row(new Selector((SelectorKind)99, default, "x"))))!;
        _receiver.Read(PostgresDatabase.Channel, payload)!.Rows.ShouldBeNull();
    }

    [Fact]
    public void The_same_text_is_never_sealed_the_same()
    {
        var committed = Committed(Records.Row(Selector.Grant("g")));
        _sender.Rows(committed).ShouldNotBe(_sender.Rows(committed));
    }
}
