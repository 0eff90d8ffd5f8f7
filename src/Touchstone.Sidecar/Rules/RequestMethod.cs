namespace Touchstone.Sidecar.Rules;

/// <summary>The method of a request. Services take <c>post</c> for <c>POST</c>, and two that were joined for one of them: only what has one reading is compared.</summary>
internal static class RequestMethod
{
    private const int MaxLength = 32;

    internal static bool IsPlain(string method) => method.Length is > 0 and <= MaxLength && method.All(static c => char.IsAsciiLetterUpper(c) || c is '-' or '_');
}
