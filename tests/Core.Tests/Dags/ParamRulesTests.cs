using Sluice.Core.Dags;
using Sluice.Core.Params;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Dags;

public sealed class ParamRulesTests
{
    /// <summary>Schema, value, and what is said of it; null: it is well.</summary>
    private static readonly (string Schema, string Value, string? Said)[] Rows =
    [
        ("{}", "1", null),
        ("true", "1", null),
        ("false", "1", "may have no value"),
        ("""{"type": "integer"}""", "5", null),
        ("""{"type": "integer"}""", "5.0", null),
        ("""{"type": "integer"}""", "5.5", "is 5.5; it must be integer"),
        ("""{"type": "integer"}""", "\"5\"", "is \"5\"; it must be integer"),
        ("""{"type": "integer"}""", "1e300", null),
        ("""{"type": "integer"}""", "1e400", "it must be integer"), // beyond every number that code could read it into
        ("""{"type": "number"}""", "5.5", null),
        ("""{"type": ["string", "null"]}""", "null", null),
        ("""{"type": ["string", "null"]}""", "1", "it must be string or null"),
        ("""{"type": "boolean"}""", "\"true\"", "it must be boolean"),
        ("""{"type": "object"}""", "[]", "it must be object"),
        ("""{"minimum": 1, "type": "integer"}""", "\"x\"", "it must be integer"),
        ("""{"minimum": 1}""", "1", null),
        ("""{"minimum": 1}""", "0.99999999999999999999", "it must be at least 1"),
        ("""{"maximum": 10}""", "11", "it must be at most 10"),
        ("""{"exclusiveMinimum": 0}""", "0", "it must be more than 0"),
        ("""{"exclusiveMaximum": 1}""", "1", "it must be less than 1"),
        ("""{"multipleOf": 0.1}""", "0.3", null),
        ("""{"multipleOf": 5}""", "7", "it must be a multiple of 5"),
        ("""{"minLength": 2}""", "\"둘\"", "at least 2 characters"),
        ("""{"maxLength": 1}""", "\"😀\"", null),
        ("""{"maxLength": 1}""", "\"ab\"", "at most 1 characters"),
        ("""{"pattern": "^[a-z]+$"}""", "\"abc\"", null),
        ("""{"pattern": "^[a-z]+$"}""", "\"ab1\"", "must match the pattern ^[a-z]+$"),
        ("""{"pattern": "^(a+)+$"}""", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"", "must match the pattern"),
        ("""{"pattern": "x"}""", "5", null),
        ("""{"enum": ["seoul", 3, null]}""", "3.0", null),
        ("""{"enum": ["seoul", "busan"]}""", "\"tokyo\"", "must be one of \"seoul\", \"busan\""),
        ("""{"const": {"a": 1}}""", """{"a": 2}""", "it must be {\"a\": 1}"),
        ("""{"format": "date"}""", "\"2021-02-05\"", null),
        ("""{"format": "date"}""", "\"2021-02-30\"", "it must be a date"),
        ("""{"format": "date-time"}""", "\"2021-02-05T01:02:03Z\"", null),
        ("""{"format": "date-time"}""", "\"2021-02-05\"", "it must be a date-time"),
        ("""{"format": "uuid"}""", "\"x\"", "it must be a uuid"),
        ("""{"format": "email"}""", "\"a@b\"", null),
        ("""{"format": "email"}""", "\"@b\"", "it must be a email"),
        ("""{"items": {"type": "integer"}}""", "[1, 2]", null),
        ("""{"items": {"type": "integer"}}""", "[1, \"x\"]", "[1] is \"x\"; it must be integer"),
        ("""{"minItems": 1}""", "[]", "has 0 items; it must have at least 1"),
        ("""{"maxItems": 1}""", "[1, 2]", "at most 1"),
        ("""{"uniqueItems": true}""", "[1, 1.0]", "an item twice"),
        ("""{"uniqueItems": false}""", "[1, 1]", null),
        ("""{"required": ["a", "b"]}""", """{"a": 1}""", "lacks \"b\""),
        ("""{"properties": {"a": {"minimum": 3}}}""", """{"a": 1}""", ".a is 1; it must be at least 3"),
        ("""{"properties": {"a": {}}, "additionalProperties": false}""", """{"a": 1, "b": 2}""", ".b may have no value"),
        ("""{"additionalProperties": {"type": "string"}}""", """{"b": 2}""", ".b is 2; it must be string"),
        ("""{"minProperties": 1}""", "{}", "at least 1 properties"),
        ("""{"anyOf": [{"type": "integer"}, {"const": "all"}]}""", "\"all\"", null),
        ("""{"anyOf": [{"type": "integer"}, {"const": "all"}]}""", "\"some\"", "it must be integer, or fit another"),
        ("""{"oneOf": [{"minimum": 1}, {"maximum": 5}]}""", "3", "fits 2 of the schemas"),
        ("""{"oneOf": [{"minimum": 4}, {"maximum": 2}]}""", "5", null),
        ("""{"allOf": [{"minimum": 1}, {"maximum": 5}]}""", "6", "at most 5"),
        ("""{"not": {"const": 0}}""", "0", "rules out"),
        ("""{"title": "t", "description": "d", "default": 1, "x-order": 3}""", "1", null),
    ];

    [Fact]
    public void A_value_is_held_to_its_schema_as_conf_and_as_default()
    {
        foreach (var (schema, value, said) in Rows)
        {
            var dag = Dag($$"""{"p": {{schema}}}""", "{}");
            Holds(said, ParamRules.Refuse(dag, $$"""{"p": {{value}}}"""), $"{schema} {value}");
            Holds(said, ParamRules.Problems(dag with { Params = $$"""{"p": {{value}}}""" }).SingleOrDefault(), $"{schema} {value}");
        }
    }

    [Fact]
    public void A_schema_that_is_none_is_refused_with_its_param()
    {
        (string Schema, string Said)[] rows =
        [
            ("5", "is 5; a schema is an object"),
            ("""{"type": "int"}""", "has the type \"int\""),
            ("""{"enum": []}""", "\"enum\""),
            ("""{"minimum": "1"}""", "\"minimum\" that is no number"),
            ("""{"multipleOf": 0}""", "\"multipleOf\""),
            ("""{"minLength": -1}""", "\"minLength\""),
            ("""{"pattern": "["}""", "\"pattern\" that is no regular expression"),
            ("""{"format": "hostname"}""", "has the format \"hostname\""),
            ("""{"required": "a"}""", "\"required\""),
            ("""{"$ref": "#/x"}""", "has the rule \"$ref\", which is not known here"),
            ("""{"minimun": 1}""", "has the rule \"minimun\", which is not known here"),
            ("""{"properties": {"a": {"type": "int"}}}""", "has the type \"int\""),
            ("""{"anyOf": []}""", "\"anyOf\""),
            ("""{"items": {"format": "x"}}""", "has the format \"x\""),
        ];
        foreach (var (schema, said) in rows)
        {
            var problem = Assert.Single(ParamRules.Problems(Dag($$"""{"p": {{schema}}}""", "{}")));
            Assert.Contains("the schema of param \"p\"", problem, StringComparison.Ordinal);
            Assert.Contains(said, problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_param_without_default_must_be_given_and_a_scheduled_dag_must_have_one()
    {
        var dag = Dag("""{"region": {"type": "string"}}""", "{}");
        Assert.Empty(ParamRules.Problems(dag));
        Assert.Contains("needs param \"region\"", ParamRules.Refuse(dag, "{}"), StringComparison.Ordinal);
        Assert.Null(ParamRules.Refuse(dag, """{"region": "seoul", "more": 1}"""));
        Assert.Null(ParamRules.Refuse(dag with { Params = """{"region": "seoul"}""" }, "{}"));
        Assert.NotNull(ParamRules.Refuse(dag with { Params = """{"region": "seoul"}""" }, """{"region": null}"""));

        var scheduled = Assert.Single(ParamRules.Problems(dag with { Schedule = Schedule.Daily }));
        Assert.Contains("\"region\" has no default", scheduled, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_rule_is_a_new_version_and_another_order_of_keys_is_none()
    {
        var one = Dag("""{"p": {"minimum": 1, "maximum": 2}}""", "{}");

        Assert.Equal(DagVersion.Of(one), DagVersion.Of(one with { ParamsSchema = """{"p": {"maximum": 2, "minimum": 1}}""" }));
        Assert.NotEqual(DagVersion.Of(one), DagVersion.Of(one with { ParamsSchema = """{"p": {"maximum": 3, "minimum": 1}}""" }));
    }

    private static void Holds(string? said, string? problem, string row)
    {
        Assert.True((said is null) == (problem is null), $"{row}: {problem}");
        if (said is not null)
        {
            Assert.Contains("param \"p\"", problem, StringComparison.Ordinal);
            Assert.Contains(said, problem, StringComparison.Ordinal);
        }
    }

    private static DagSpec Dag(string schema, string defaults) => new()
    {
        Id = new("d"), Params = defaults, ParamsSchema = schema, Tasks = [new() { Id = new("t"), Operator = "EmptyOperator" }],
    };
}
