using System.Buffers;
using System.Text;
using Touchstone.Protocol.Forms;

namespace Touchstone.Protocol.Tests.Forms;

/// <summary>Reads forms written as text.</summary>
internal static class FormBody
{
    internal static FormResult Read(this OAuthForm form, string body, params string[] repeatable) =>
        form.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)), repeatable);

    internal static OAuthForm Parse(string body)
    {
        var form = new OAuthForm();
        form.Read(body).ShouldBe(FormResult.Ok);
        return form;
    }

    internal static string Get(this OAuthForm form, string name) => Encoding.UTF8.GetString(form[Encoding.UTF8.GetBytes(name)]);
}
