namespace Touchstone.EndToEnd.Tests.Load;

/// <summary>Tests that load the machine: one after another, and none beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LoadCollection
{
    public const string Name = "load";
}
