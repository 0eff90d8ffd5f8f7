using System.Collections.Concurrent;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Feed;

/// <summary>The keys under which callers are told of selectors: one for each, made from one secret of the installation, so that every node has the same.</summary>
internal sealed class FollowerTags
{
    private readonly ConcurrentDictionary<string, TagKey> _keys = new(StringComparer.Ordinal);

    /// <summary>The secret; there before the first request.</summary>
    internal byte[] Secret { get; set; } = [];

    internal TagKey KeyOf(string caller) => _keys.GetOrAdd(caller, static (caller, secret) => TagKey.For(secret, caller), Secret);

    /// <summary>The tags of an answer about a token: one for each selector that could end the token, and one for the registration of the caller, from which the answer was derived.</summary>
    internal IEnumerable<string> Of(TokenRecord record, string caller)
    {
        var key = KeyOf(caller);
        yield return key.Of(Selector.Registration(caller));
        foreach (var selector in Selector.Of(record)) yield return key.Of(selector);
    }

    /// <summary>The same, separated by spaces.</summary>
    internal string TextOf(TokenRecord record, string caller)
    {
        const int Step = TagKey.TagLength + 1;
        var key = KeyOf(caller);
        Span<char> text = stackalloc char[Step * FollowedTag.Most];
        key.Write(Selector.Registration(caller), text);
        var length = TagKey.TagLength;
        foreach (var selector in Selector.Of(record))
        {
            text[length] = ' ';
            key.Write(selector, text[(length + 1)..]);
            length += Step;
        }
        return new string(text[..length]);
    }
}
