using System.CommandLine;
using Touchstone.Cli;
using Touchstone.Cli.Commands;

// Every command on one screen; each stands in Commands under its name.
(string Name, Func<Command> Create)[] commands =
[
    ("serve", ServeCommand.Create),
    ("sidecar", SidecarCommand.Create),
    ("admin", () => new Verb("admin", "Look after the data folder of a stopped server.", "touchstone admin recover --data ./data") { AdminRecoverCommand.Create() }),
    ("config", ConfigCommand.Create),
    ("doctor", DoctorCommand.Create),
    ("client", ClientCommand.Create),
    ("subject", SubjectCommand.Create),
    ("token", TokenCommand.Create),
    ("introspect", IntrospectCommand.Create),
    ("revoke", RevokeCommand.Create),
    ("followers", FollowersCommand.Create),
    ("keys", KeysCommand.Create),
    ("impact", ImpactCommand.Create),
    ("audit", AuditCommand.Create),
];

var root = new RootCommand("Know, right now, whether a token is good: OAuth 2.0 token introspection.")
{
    CommonOptions.Server,
    CommonOptions.AllowInsecureHttp,
    CommonOptions.Data,
    CommonOptions.Json,
};

// Only the command that the line begins with is made, so that a sidecar loads nothing of the server.
var asked = commands.Where(command => command.Name == args.FirstOrDefault()).ToArray();
foreach (var (_, create) in asked is [] ? commands : asked) root.Add(create());

return await CommandLine.RunAsync(root, args, "touchstone serve --demo", "touchstone client list", "touchstone introspect -");
