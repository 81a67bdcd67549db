using Sluice.Core.Templates;

namespace Sluice.Core.Tests.Templates;

public class ErrorTests
{
    [Theory]
    [InlineData("{{ missing }}", 1, 4, "nothing named 'missing'")]
    [InlineData("a\nb {{ 1 + missing }}", 2, 10, "nothing named 'missing'")]
    [InlineData("{{ nmae }}", 1, 4, "perhaps 'name' is meant")]
    [InlineData("{% if missing %}{% endif %}", 1, 7, "nothing named 'missing'")]
    [InlineData("{% for x in missing %}{% endfor %}", 1, 13, "nothing named 'missing'")]
    [InlineData("{{ missing.attribute }}", 1, 4, "nothing named 'missing'")]
    [InlineData("{{ missing | upper }}", 1, 4, "nothing named 'missing'")]
    [InlineData("{{ missing == 1 }}", 1, 4, "nothing named 'missing'")]
    [InlineData("{{ missing() }}", 1, 4, "nothing named 'missing'")]
    [InlineData("{{ user.nmae }}", 1, 9, "no attribute 'nmae'; perhaps 'name'")]
    [InlineData("{{ items[10] }}", 1, 9, "no item 10")]
    [InlineData("{{ [1] | first | missing }}", 1, 18, "no filter 'missing'")]
    [InlineData("{{ 'a' | uper }}", 1, 10, "perhaps 'upper'")]
    [InlineData("{{ 1 is od }}", 1, 9, "perhaps 'odd'")]
    [InlineData("{{ 1 / 0 }}", 1, 6, "Division by zero")]
    [InlineData("{{ 1 // 0 }}", 1, 6, "Division by zero")]
    [InlineData("{{ 1 % 0.0 }}", 1, 6, "Division by zero")]
    [InlineData("{{ 'a' + 1 }}", 1, 8, "'+' does not work between str and int; '~' joins")]
    [InlineData("{{ none + 1 }}", 1, 9, "between None and int")]
    [InlineData("{{ 1 < 'a' }}", 1, 6, "'<' does not work between int and str")]
    [InlineData("{{ [3, 'a'] | sort }}", 1, 15, "does not work between")]
    [InlineData("{{ 5 | length }}", 1, 8, "int has no length")]
    [InlineData("{% for x in 5 %}{% endfor %}", 1, 13, "int has no items")]
    [InlineData("{% for a, b in [1, 2] %}{% endfor %}", 1, 8, "no items")]
    [InlineData("{% for a, b in [(1, 2, 3)] %}{% endfor %}", 1, 8, "2 names cannot be filled from 3 values")]
    [InlineData("{{ name() }}", 1, 4, "str cannot be called")]
    [InlineData("{{ name.upper(1) }}", 1, 9, "at most 0 arguments")]
    [InlineData("{{ name.replace('a') }}", 1, 9, "needs the argument 'new'")]
    [InlineData("{{ name | replace('a', 'b', cuont=1) }}", 1, 11, "no argument 'cuont'; perhaps 'count'")]
    [InlineData("{{ name.replace('a', 'b', new='c') }}", 1, 9, "'new' twice")]
    [InlineData("{{ {[1]: 2} }}", 1, 4, "list cannot be the key")]
    [InlineData("{{ items.append(1) }}", 1, 10, "This list comes from outside and cannot be changed")]
    [InlineData("{{ '%d' % 'x' }}", 1, 9, "needs a number, not str")]
    [InlineData("{{ '%s %s' % 1 }}", 1, 12, "fewer values")]
    [InlineData("{{ '%s' % (1, 2) }}", 1, 9, "more values")]
    [InlineData("{{ '{} {}'.format(1) }}", 1, 12, "asks for value 1")]
    [InlineData("{% set name.x = 1 %}", 1, 8, "not a namespace")]
    [InlineData("{{ name[::0] }}", 1, 8, "step of a slice cannot be zero")]
    public void A_wrong_template_is_refused_with_its_place(string template, int line, int column, string sentence) => Refused(template, line, column, sentence);

    [Theory]
    [InlineData("{{ 1", 1, 1, "never closed: '}}' is missing")]
    [InlineData("x\n  {% if a", 2, 3, "never closed: '%}' is missing")]
    [InlineData("{# x", 1, 1, "comment is never closed")]
    [InlineData("{{ 'abc }}", 1, 4, "string is never closed")]
    [InlineData("{% raw %} x", 1, 1, "raw block is never closed")]
    [InlineData("{% if true %}x", 1, 4, "'if' is never closed: {% endif %} is missing")]
    [InlineData("{% for x in y %}x", 1, 4, "'for' is never closed: {% endfor %} is missing")]
    [InlineData("{% if true %}{% endfor %}", 1, 17, "does not belong to any open tag")]
    [InlineData("x{% endif %}", 1, 5, "does not belong to any open tag")]
    [InlineData("{% include 'x' %}", 1, 4, "There is no template file 'x'")]
    [InlineData("{{ }}", 1, 4, "Expected an expression, found '}}'")]
    [InlineData("{{ 1 + }}", 1, 8, "Expected an expression")]
    [InlineData("{{ (1 }}", 1, 7, "Unexpected '}', expected ')'")]
    [InlineData("{{ 1) }}", 1, 5, "Unexpected ')'")]
    [InlineData("{{ a b }}", 1, 6, "Expected '}}', found 'b'")]
    [InlineData("{{ a. }}", 1, 7, "name of an attribute")]
    [InlineData("{{ a | }}", 1, 8, "name of a filter")]
    [InlineData("{{ ? }}", 1, 4, "'?' has no meaning")]
    [InlineData("{{ f(a=1, 2) }}", 1, 11, "cannot follow a named one")]
    [InlineData("{{ f(a=1, a=2) }}", 1, 11, "given twice")]
    [InlineData("{{ f(*a, *b) }}", 1, 10, "may stand once each")]
    [InlineData("{% set 1 = 2 %}", 1, 8, "name to assign to")]
    [InlineData("{% set true = 2 %}", 1, 8, "cannot be assigned")]
    [InlineData("{% for x y %}{% endfor %}", 1, 10, "Expected 'in'")]
    [InlineData("{{ '\\x4' }}", 1, 5, "hexadecimal")]
    [InlineData("{{ 012 }}", 1, 4, "leading zeros")]
    [InlineData("{{ x = 1 }}", 1, 6, "Expected '}}', found '='")]
    public void A_malformed_template_is_refused_with_its_place(string template, int line, int column, string sentence) => Refused(template, line, column, sentence);

    [Theory]
    [InlineData("{{ name.__class__ }}", 1, 9)]
    [InlineData("{{ __import__('os') }}", 1, 4)]
    [InlineData("{{ name['__class__'] }}", 1, 9)]
    [InlineData("{{ items | map(attribute='__class__') | list }}", 1, 12)]
    [InlineData("{{ '{0.__class__}'.format(name) }}", 1, 20)]
    [InlineData("{% set __x = 1 %}", 1, 8)]
    public void Names_with_two_leading_underscores_are_refused(string template, int line, int column) => Refused(template, line, column, "two underscores");

    private static void Refused(string template, int line, int column, string sentence)
    {
        var error = Assert.Throws<TemplateException>(() => SampleScope.Render(template));

        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.StartsWith($"Line {line}, column {column}: ", error.Message, StringComparison.Ordinal);
    }
}
