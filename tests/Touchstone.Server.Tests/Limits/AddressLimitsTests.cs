using System.Net;
using Microsoft.AspNetCore.Http;
using Touchstone.Server.Http;
using Touchstone.Server.Limits;

namespace Touchstone.Server.Tests.Limits;

/// <summary>What is kept about addresses, and how much of it.</summary>
public sealed class AddressLimitsTests
{
    private readonly ManualTime _time = new();
    private readonly AddressLimits _limits;

    public AddressLimitsTests() => _limits = new AddressLimits(new ServerOptions(), _time);

    [Fact]
    public void However_many_addresses_fail_a_bounded_number_is_kept_and_those_are_the_last()
    {
        for (var i = 0; i < 3 * AddressLimits.MaxAddresses; i++)
        {
            Fail(Address(i));
            _time.Advance(TimeSpan.FromMilliseconds(1));
            _limits.Count.ShouldBeLessThanOrEqualTo(AddressLimits.MaxAddresses);
        }
        var newest = Address(3 * AddressLimits.MaxAddresses - 1);
        for (var i = 0; i < 200; i++) Fail(newest);
        _limits.Delay(From(newest), _time.GetTimestamp()).ShouldBeGreaterThan(TimeSpan.Zero);
        _limits.Delay(From(Address(0)), _time.GetTimestamp()).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Hosts_of_one_IPv6_network_are_one_address()
    {
        for (var host = 1; host <= 200; host++) Fail($"2001:db8:0:7::{host:x}");
        _limits.Count.ShouldBe(1);
        _limits.Delay(From("2001:db8:0:7:ffff::1"), _time.GetTimestamp()).ShouldBeGreaterThan(TimeSpan.Zero);
        _limits.Delay(From("2001:db8:0:8::1"), _time.GetTimestamp()).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void What_is_long_ago_is_forgotten()
    {
        for (var i = 0; i < 200; i++) Fail("192.0.2.1");
        _time.AdvanceSeconds(15 * 60);
        _limits.Sweep();
        _limits.Count.ShouldBe(1);
        _time.AdvanceSeconds(1);
        _limits.Sweep();
        _limits.Count.ShouldBe(0);
    }

    [Fact]
    public void Of_an_address_that_tries_many_clients_few_are_kept()
    {
        var exchange = new FormExchange();
        for (var client = 0; client < 100; client++)
        {
            for (var i = 0; i < 6; i++) _limits.Failed(From("192.0.2.1"), _time.GetTimestamp(), $"client-{client}");
            _time.AdvanceSeconds(1);
        }
        _time.AdvanceSeconds(60);
        exchange.Begin(From("192.0.2.1"), _time.GetTimestamp());
        _limits.Refuses(exchange).ShouldBeFalse();
        for (var i = 0; i < 6; i++) exchange.Address!.FailFor("client-0", _time.GetTimestamp());
        exchange.Address!.DelayOf("client-0", _time.GetTimestamp()).ShouldBeGreaterThan(TimeSpan.Zero);
        exchange.Address!.DelayOf("client-99", _time.GetTimestamp()).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Without_an_address_and_without_the_limit_nothing_is_kept()
    {
        _limits.Failed(new DefaultHttpContext(), _time.GetTimestamp());
        var off = new ServerOptions { Limits = { AddressFailures = 0 } };
        var none = new AddressLimits(off, _time);
        none.Failed(From("192.0.2.1"), _time.GetTimestamp(), "client");
        (_limits.Count + none.Count).ShouldBe(0);
    }

    [Fact]
    public void An_address_that_does_nothing_wrong_costs_no_memory()
    {
        Fail("192.0.2.1");
        var exchange = new FormExchange();
        exchange.Begin(From("198.51.100.1"), _time.GetTimestamp());
        Ask(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Ask(1000);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        _limits.Count.ShouldBe(1);

        void Ask(int times)
        {
            for (var i = 0; i < times; i++)
            {
                if (_limits.Refuses(exchange)) throw new InvalidOperationException();
            }
        }
    }

    private void Fail(string address) => _limits.Failed(From(address), _time.GetTimestamp());

    private static DefaultHttpContext From(string address) => new() { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };

    private static string Address(int number) => $"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}";
}
