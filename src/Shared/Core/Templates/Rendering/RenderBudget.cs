namespace Sluice.Core.Templates.Rendering;

/// <summary>What is left of the limits in one rendering.</summary>
internal sealed class RenderBudget(TemplateLimits limits)
{
    /// <summary>Longest list, and the most items of a dict.</summary>
    public const int MaxItems = 100_000;

    private int _steps = limits.MaxSteps;

    /// <summary>Longest text made on the way.</summary>
    public int MaxText => limits.MaxOutput;

    public int MaxDepth => limits.MaxDepth;

    public void Step(int count = 1)
    {
        _steps -= count;
        if (_steps < 0)
        {
            throw new TemplateException($"The template takes more than {limits.MaxSteps} steps.");
        }
    }

    /// <summary>Asked before a text of this length is made.</summary>
    public void CheckText(long length)
    {
        if (length > limits.MaxOutput)
        {
            throw new TemplateException($"The template makes a text of more than {limits.MaxOutput} characters.");
        }
    }

    /// <summary>Asked before a list of this length is made; costs a step an item.</summary>
    public void Items(long count)
    {
        if (count > MaxItems)
        {
            throw new TemplateException($"The template makes a list of more than {MaxItems} items.");
        }

        Step((int)count);
    }
}
