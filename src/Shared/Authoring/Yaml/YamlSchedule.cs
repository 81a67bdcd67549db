using Sluice.Authoring.Operators;
using Sluice.Core.Schedules;
using YamlDotNet.RepresentationModel;

namespace Sluice.Authoring.Yaml;

/// <summary>Schedules in YAML: a preset or cron expression, <c>once</c>, <c>none</c>, <c>every: 1h</c>, <c>at: "0 6 * * *"</c>.</summary>
internal static class YamlSchedule
{
    public static Schedule Read(YamlFields dag, string name)
    {
        switch (dag.Node(name))
        {
            case null:
                return Schedule.None;

            case YamlScalarNode { Value: { } text }:
                return text switch
                {
                    "none" or "@none" => Schedule.None,
                    "once" or "@once" => Schedule.Once,
                    "hourly" or "daily" or "weekly" or "monthly" or "quarterly" or "yearly" => Schedule.Cron("@" + text),
                    _ => Schedule.Cron(text),
                };

            case YamlMappingNode:
                var fields = dag.Mapping(name, "the schedule")!;
                var every = fields.Text("every");
                var at = fields.Text("at");
                fields.RefuseOthers();
                return (every, at) switch
                {
                    (not null, null) when Duration.TryParse(every, out var length) => Schedule.Every(length),
                    (null, not null) => Schedule.At(at),
                    _ => Refuse(dag, name),
                };

            default:
                return Refuse(dag, name);
        }
    }

    private static Schedule Refuse(YamlFields dag, string name)
    {
        dag.Problem(dag.Node(name), "A schedule is a preset such as daily, a cron expression, once, none, 'every: 1h' or 'at: \"0 6 * * *\"'.");
        return Schedule.None;
    }
}
