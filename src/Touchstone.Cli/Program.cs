using System.CommandLine;
using Touchstone.Cli;
using Touchstone.Cli.Commands;

// Every command on one screen; each stands in Commands under its name.
var root = new RootCommand("Know, right now, whether a token is good: OAuth 2.0 token introspection.")
{
    ServeCommand.Create(),
    SidecarCommand.Create(),
    new Verb("admin", "Look after the data folder of a stopped server.", "touchstone admin recover --data ./data") { AdminRecoverCommand.Create() },
    ConfigCommand.Create(),
    DoctorCommand.Create(),
    ClientCommand.Create(),
    SubjectCommand.Create(),
    TokenCommand.Create(),
    IntrospectCommand.Create(),
    RevokeCommand.Create(),
    FollowersCommand.Create(),
    KeysCommand.Create(),
    ImpactCommand.Create(),
    AuditCommand.Create(),
    CommonOptions.Server,
    CommonOptions.AllowInsecureHttp,
    CommonOptions.Data,
    CommonOptions.Json,
};

return await CommandLine.RunAsync(root, args, "touchstone serve --demo", "touchstone client list", "touchstone introspect -");
