using System.Diagnostics;
using Sluice.Core.Templates;

namespace Sluice.Core.Tests.Templates;

public class LimitTests
{
    [Theory]
    [InlineData("{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}", "100000 steps")]
    [InlineData("{% for a in range(100) %}{{ 'x' * 20000 }}{% endfor %}", "more than 1048576 characters")]
    [InlineData("{{ 'x' * 2000000 }}", "more than 1048576 characters")]
    [InlineData("{{ 'x' * 10 ** 30 }}", "more than 1048576 characters")]
    [InlineData("{{ ('x' * 1000).replace('x', 'y' * 2000) }}", "more than 1048576 characters")]
    [InlineData("{{ ('x' * 1000) | replace('', 'y' * 2000) }}", "more than 1048576 characters")]
    [InlineData("{{ ('x' * 1000) | join('y' * 2000) }}", "more than 1048576 characters")]
    [InlineData("{{ '%999999d%999999d' % (1, 1) }}", "more than 1048576 characters")]
    [InlineData("{{ '%2000000d' % 1 }}", "too many characters")]
    [InlineData("{{ '{:9999999}'.format(1) }}", "not understood")]
    [InlineData("{{ 'x'.center(2000000) }}", "more than 1048576 characters")]
    [InlineData("{{ 'x'.zfill(2000000) }}", "more than 1048576 characters")]
    [InlineData("{{ 'x' | indent(2000000, true) }}", "more than 1048576 characters")]
    [InlineData("{{ range(10 ** 9) }}", "more than 100000 items")]
    [InlineData("{{ [1] * 10 ** 9 }}", "more than 100000 items")]
    [InlineData("{{ [1] | batch(10 ** 9, 'x') }}", "more than 100000 items")]
    [InlineData("{{ [1] | slice(10 ** 9) }}", "more than 100000 items")]
    [InlineData("{{ 10 ** 100000 }}", "too large")]
    [InlineData("{{ (2 ** 1000) ** 1000 }}", "too large")]
    [InlineData("{{ (10 ** 4000) * (10 ** 4000) }}", "too large")]
    [InlineData("{{ 10 ** 400 * 1.0 }}", "too large for a float")]
    [InlineData("{{ macros_free.x }}", "nothing named")]
    public void What_would_run_away_is_stopped(string template, string sentence)
    {
        var watch = Stopwatch.StartNew();

        var error = Assert.Throws<TemplateException>(() => SampleScope.Render(template));

        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
        Assert.True(error.Line > 0);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"It took {watch.Elapsed}.");
    }

    [Fact]
    public void A_list_that_doubles_inside_itself_prints_only_up_to_the_limit()
    {
        var template = "{% set x = [1] %}" + string.Concat(Enumerable.Repeat("{% set x = [x, x] %}", 50)) + "{{ x }}";

        Assert.Contains("more than", Assert.Throws<TemplateException>(() => SampleScope.Render(template)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_lists_that_double_inside_themselves_are_compared_only_up_to_the_limit()
    {
        var doubling = string.Concat(Enumerable.Repeat("{% set x = [x, x] %}{% set y = [y, y] %}", 50));
        var template = "{% set x = [1] %}{% set y = [1] %}" + doubling + "{{ x == y }}{{ x < y }}";

        Assert.Contains("steps", Assert.Throws<TemplateException>(() => SampleScope.Render(template)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "deeper than 64 levels")]
    [InlineData("{% macro f(n) %}{% if true %}{% if true %}{% if true %}{{ f(n) }}{% endif %}{% endif %}{% endif %}{% endmacro %}{{ f(1) }}", "blocks inside one another")]
    [InlineData("{% set x = [] %}{% do x.append(x) %}{{ x }}", "deeper than 128 levels")]
    [InlineData("{% set x = [] %}{% do x.append(x) %}{{ x == [x] }}{{ [x] == x }}", "deeper than 128 levels")]
    [InlineData("{% set x = [] %}{% do x.append(x) %}{{ x | tojson }}", "deeper than 128 levels")]
    [InlineData("{% set x = [] %}{% do x.append(x) %}{% for a in x recursive %}{{ loop(a) }}{% endfor %}", "deeper than 64 levels")]
    [InlineData("{% set x = [1] %}{% for i in x %}{% do x.append(i) %}{% endfor %}", "steps")]
    [InlineData("{% set x = [1, 2, 3] %}{% for i in range(100) %}{% do x.extend(x) %}{% endfor %}", "steps")]
    public void What_calls_itself_or_holds_itself_is_stopped(string template, string sentence) => Assert.Contains(
        sentence, Assert.Throws<TemplateException>(() => OnSmallStack(() => SampleScope.Render(template))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_includes_itself_is_stopped()
    {
        var library = new TemplateLibrary { Files = new Dictionary<string, string> { ["a.sql"] = "x\n{% include 'a.sql' %}" } };

        var error = Assert.Throws<TemplateException>(
            () => OnSmallStack(() => Template.Parse("{% include 'a.sql' %}", null, library).Render(TemplateScope.Empty.With(library))));

        Assert.Equal("File 'a.sql', line 2, column 4: Macros, files and loops call one another deeper than 64 levels.", error.Message);
    }

    [Fact]
    public void A_thousand_fields_cost_little()
    {
        var parsed = Enumerable.Range(0, 1000)
            .Select(i => Template.Parse($"SELECT {i}, '{{{{ ds }}}}' FROM {{{{ user.name | lower }}}} WHERE d IN ({{% for x in items %}}{{{{ x }}}}{{{{ ',' if not loop.last }}}}{{% endfor %}})"))
            .ToList();
        var scope = SampleScope.Value.With("ds", TemplateValue.From("2021-02-05"));
        var watch = Stopwatch.StartNew();

        Assert.All(parsed, template => Assert.EndsWith("IN (1,2,3,4,5)", template.Render(scope), StringComparison.Ordinal));

        Console.WriteLine($"1,000 fields in {watch.Elapsed.TotalMilliseconds:0.0} ms");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"It took {watch.Elapsed}.");
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("-", "")]
    [InlineData("n if true else ", "")]
    public void Expressions_nest_up_to_the_limit_and_no_deeper(string open, string close)
    {
        Refused(1000);
        Refused(100_000);
        SampleScope.Render("{{ " + Repeat(open, 50) + "1" + Repeat(close, 50) + " }}");

        void Refused(int depth) => Assert.Contains(
            "nested deeper than 64 levels",
            Assert.Throws<TemplateException>(() => Template.Parse("{{ " + Repeat(open, depth) + "1" + Repeat(close, depth) + " }}")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Tags_nest_up_to_the_limit_and_no_deeper()
    {
        var deep = Repeat("{% if true %}", 10_000) + Repeat("{% endif %}", 10_000);

        Assert.Contains("nested deeper", Assert.Throws<TemplateException>(() => Template.Parse(deep)).Message, StringComparison.Ordinal);
        Assert.Equal("x", SampleScope.Render(Repeat("{% if true %}", 50) + "x" + Repeat("{% endif %}", 50)));
    }

    [Theory]
    [InlineData(" + 1")]
    [InlineData(" | abs")]
    [InlineData(" ** 1")]
    [InlineData(" and 1")]
    [InlineData(" if true")]
    public void A_long_chain_is_an_error_and_not_the_end_of_the_process(string link)
    {
        Assert.Equal("1", SampleScope.Render("{{ 1" + Repeat(link, 200).Replace("+ 1", "+ 0") + " }}"));

        var error = Assert.Throws<TemplateException>(() => OnSmallStack(() => SampleScope.Render("{{ 1" + Repeat(link, 50_000) + " }}")));

        Assert.Contains("in a chain", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_deeper_than_any_that_is_written_is_an_error_and_not_the_end_of_the_process()
    {
        var template = "{% set x = [] %}" + Repeat("{% set x = [x] %}", 20_000) + "{{ x }}";

        Assert.Contains("deeper than 128 levels", Assert.Throws<TemplateException>(() => OnSmallStack(() => SampleScope.Render(template))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_limits_of_the_scope_count()
    {
        var scope = new TemplateScope([], new TemplateLimits { MaxSteps = 10, MaxOutput = 5 });

        Assert.Equal("12345", Template.Parse("12345").Render(scope));
        Assert.Throws<TemplateException>(() => Template.Parse("123456{{ '' }}").Render(scope));
        Assert.Throws<TemplateException>(() => Template.Parse("{% for x in range(20) %}{% endfor %}").Render(scope));
        Assert.Throws<TemplateException>(() => Template.Parse("{{ [[[1]]] }}", new TemplateLimits { MaxDepth = 3 }));
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    // .NET gives threads 1.5 MiB or more. Code that is not optimized yet has come within a few KiB of 512 KiB here, and now and then over it.
    private static void OnSmallStack(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    action();
                }
                catch (TemplateException e)
                {
                    failure = e;
                }
            },
            1024 * 1024);
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            throw failure;
        }
    }
}
