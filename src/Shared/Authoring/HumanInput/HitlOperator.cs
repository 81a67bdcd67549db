using Sluice.Authoring.Operators;
using Sluice.Core.HumanInput;

namespace Sluice.Authoring.HumanInput;

/// <summary>Lets a person choose, or fill in values. Whatever is chosen, what comes after it goes on: let it read the answer.</summary>
public sealed class HitlOperator : HumanInputOperator
{
    /// <summary>What can be chosen. Default: OK, for a form that only asks for values.</summary>
    [Templated]
    public List<string> Options { get; set; } = ["OK"];

    /// <summary>More than one option may be chosen, or none.</summary>
    public bool Multiple { get; set; }

    private protected override HumanQuestion Complete(HumanQuestion question) => question with { Options = Options, Multiple = Multiple };
}
