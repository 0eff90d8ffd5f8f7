namespace Touchstone.Testing.Processes;

/// <summary>The command line <c>touchstone</c>.</summary>
public static class Cli
{
    /// <summary>Without any setting.</summary>
    public static Command Bare { get; } = new(TouchstoneBinary.Path);

    /// <summary>As the administrator of a server: its address, and its data folder for the credentials.</summary>
    public static Command For(ServerProcess server) => Bare with { Before = ["--server", server.Address.GetLeftPart(UriPartial.Authority), "--data", server.Data], Folder = server.Folder };
}
