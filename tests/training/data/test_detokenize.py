"""Penn-style tokens become the text that a person would have typed."""

import pytest

from training.data.detokenize import detokenize


@pytest.mark.parametrize(
    ("tokenized", "text"),
    [
        ("It 's a lovely film , is n't it ?", "It's a lovely film, isn't it?"),
        ("I do n't think so .", "I don't think so."),
        ("it does n 't play", "it doesn't play"),
        ("couldn 't get it to work", "couldn't get it to work"),
        ("I ca n't , they 'll , we 've , you 'd , I 'm", "I can't, they'll, we've, you'd, I'm"),
        ("as a former Gong Show addict , I 'll", "as a former Gong Show addict, I'll"),
        ("actors ' moments", "actors' moments"),
        ("Peter Sheridan 's", "Peter Sheridan's"),
        ("-LRB- Green is -RRB- the equivalent", "(Green is) the equivalent"),
        ("-LRB- T -RRB- his slop", "(T)his slop"),
        ("-LSB- sic -RSB-", "[sic]"),
        ("than another `` Best Man '' clone", 'than another "Best Man" clone'),
        ("not `` if . ''", 'not "if."'),
        ("` Swept Away ' sinks .", "'Swept Away' sinks."),
        ("the fragment ends here ''", 'the fragment ends here"'),
        ("`` a fragment begins", '"a fragment begins'),
        ('kind of " plastic-like " .', 'kind of "plastic-like".'),
        ("... Watching it was painful .", "...Watching it was painful."),
        ("it flags ... but goes on", "it flags... but goes on"),
        ("really liked the price . . .", "really liked the price..."),
        ("action flick -- far better", "action flick -- far better"),
        ("mother\\/daughter , \\*\\*\\*", "mother/daughter, ***"),
        ("crackers \\/ nuts", "crackers/nuts"),
        ("# 9 never ignites", "#9 never ignites"),
        ("it cost $ 5 , or 10 %", "it cost $5, or 10%"),
        ("i love it ! .", "i love it!"),
        ("only so-so ; . it does", "only so-so; it does"),
        ("I can not wait , gonna or gon na", "I cannot wait, gonna or gonna"),
        ("'s a charming film", "'s a charming film"),
        (", hypocritical", ", hypocritical"),
        ("", ""),
        (".", "."),
        (")", ")"),
    ],
)
def test_tokens_become_text(tokenized: str, text: str) -> None:
    assert detokenize(tokenized) == text
