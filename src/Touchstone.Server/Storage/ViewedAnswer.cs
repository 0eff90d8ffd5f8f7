using Touchstone.Protocol.Introspection;

namespace Touchstone.Server.Storage;

/// <summary>An answer as one view shows it, kept beside the whole one.</summary>
internal readonly record struct ViewedAnswer(IntrospectionView View, byte[] Answer)
{
    /// <summary>The most views of one token that are kept. A token is for a resource server or two; what more views there are is written anew for each request.</summary>
    internal const int Most = 4;

    /// <summary>What it takes in memory, roughly: its two references, the head of the array of bytes, and the bytes.</summary>
    internal int Size => 40 + Answer.Length;

    /// <summary>The newest first; views that are no longer asked for fall off the end.</summary>
    internal static ViewedAnswer[] Add(ViewedAnswer[] kept, ViewedAnswer added) => [added, .. kept.Where(other => other.View != added.View).Take(Most - 1)];
}
