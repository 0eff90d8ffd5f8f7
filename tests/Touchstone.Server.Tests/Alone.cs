namespace Touchstone.Server.Tests;

/// <summary>Tests that look at something of the whole process (environment, metrics): they run one after another, and nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
