"""The study of variants: each is trained alike but for what its plan changes."""

import json
from pathlib import Path

import pytest

from tests.training.small_runs import flags
from training.cli import main
from training.recipe import RecipeError, TranslationRecipe
from training.run_folder import RunFolder
from training.runs import run_recipe
from training.studies.variants.plan import BASE, plan_names, read_plan
from training.studies.variants.study import Outcome
from training.studies.variants.table import shown, variants_table

PLAN = """
recipe = "reverse"
description = "Letters backwards."

[base]
"data.train" = [{ source = "reverse", take = 300 }]
"training.epochs" = 1
"training.minimum_steps" = 0
"network" = { embedding_size = 16, encoder_size = 16, decoder_size = 24, attention_size = 16 }

[variants."Twice as long"]
"training.epochs" = 2

[variants."no attention"]
"network.attention" = "none"
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN, "utf-8")
    return path


def test_a_study_goes_on_and_prints_what_each_setting_gave(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "study"
    study = ["study", "variants", str(plan), "--run", str(folder), "--quiet"]
    assert main([*study, "--only", "Twice as long"]) == 0
    first = capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["as-it-is-1", "twice-as-long-1"]
    assert "| no attention" not in first
    before = (folder / "as-it-is-1" / "best.pt").stat().st_mtime_ns
    assert main(study) == 0
    printed = capsys.readouterr().out
    assert (folder / "as-it-is-1" / "best.pt").stat().st_mtime_ns == before
    rows = [line for line in printed.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[2:]] == [
        "| as it is", "| Twice as long", "| no attention",
    ]  # fmt: skip
    # What was trained before is told in the same words.
    assert all(line in printed for line in first.splitlines() if line.startswith("as it is, seed"))
    trained = {"as-it-is-1": (1, "additive"), "twice-as-long-1": (2, "additive")}
    for name, (epochs, attention) in {**trained, "no-attention-1": (1, "none")}.items():
        recipe = run_recipe(RunFolder(folder / name))
        assert isinstance(recipe, TranslationRecipe)
        assert (recipe.training.epochs, recipe.network.attention) == (epochs, attention)
        assert recipe.network.embedding_size == 16
        result = json.loads((folder / name / "result.json").read_text("utf-8"))
        assert f": BLEU {shown(result['score'])}\n" in printed


def test_seeds_are_of_all_variants(plan: Path) -> None:
    recipes = read_plan(str(plan)).recipes(3, {"training.epochs": 5})
    assert {recipe.training.seed for recipe in recipes.values()} == {3}
    # What the command line says goes over the base, and a variant over that.
    assert [recipe.training.epochs for recipe in recipes.values()] == [5, 2, 5]


def test_a_table_changes_its_own_settings_alone(plan: Path) -> None:
    for written in ('[variants."no attention".network]\nattention = "none"',
                    '[variants."no attention"]\nnetwork.attention = "none"',
                    '[variants."no attention"]\nnetwork = { attention = "none" }'):  # fmt: skip
        head, found, _ = PLAN.partition('[variants."no attention"]')
        assert found
        plan.write_text(head + written, "utf-8")
        recipe = read_plan(str(plan)).recipes(1, {})["no attention"]
        assert isinstance(recipe, TranslationRecipe)
        assert (recipe.network.attention, recipe.network.embedding_size) == ("none", 16)


def test_a_variant_that_fails_leaves_the_others(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    diverging = '"training.learning_rate" = 1e30\n"training.clip" = 1e30\n"training.epochs" = 2'
    plan.write_text(PLAN.replace('"training.epochs" = 2', diverging), "utf-8")
    study = ["study", "variants", str(plan), "--run", str(tmp_path / "study"), "--quiet"]
    assert main(study) == 1
    printed = capsys.readouterr()
    assert "not all variants came to their end: Twice as long, seed 1: " in printed.err
    assert "| as it is |" in printed.out and "| no attention |" in printed.out
    assert "| Twice as long |" not in printed.out


def test_the_table_compares_means_over_seeds() -> None:
    def outcome(score: float, speed: float | None) -> Outcome:
        return Outcome("BLEU", score, {"length ratio": 1.0}, 100, speed)

    table = variants_table(
        {BASE: [outcome(20, 50), outcome(22, 50)], "x": [outcome(24, 25), outcome(24.5, None)]},
        BASE,
    )
    assert table.splitlines() == [
        "| variant | BLEU | spread | difference | length ratio | steps | tokens a second |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| as it is | 21.00 | 2.0000 |  | 1.0000 | 100 | × 1.00 |",
        "| x | 24.25 | 0.5000 | +3.2500 | 1.0000 | 100 | × 0.50 |",
    ]


def test_shares_are_shown_to_a_hundredth_of_a_point() -> None:
    better, worse = (Outcome("accuracy", score, {}, 1, 1.0) for score in (0.8712, 0.8671))
    table = variants_table({BASE: [better], "x": [worse]}, BASE)
    assert "| as it is | 0.8712 |" in table
    assert "| x | 0.8671 | -0.0041 |" in table


@pytest.mark.parametrize("name", plan_names())
def test_every_plan_that_ships_changes_something_in_each_variant(name: str) -> None:
    plan = read_plan(name)
    recipes = plan.recipes(1, {})
    base = recipes.pop(BASE)
    assert len(recipes) > 10
    for variant, recipe in recipes.items():
        assert recipe != base, variant
        assert recipe.task == base.task
        assert not recipe.data.test  # nothing is chosen by a test set


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"training.epochs" = 2',
            "training = { seed = 3 }",
            "'Twice as long': training.seed is the",
        ),
        (
            '"network.attention" = "none"',
            'data.validation = [{ source = "reverse", split = "test" }]',
            "'no attention': data.validation is another one than the base's",
        ),
        (
            'recipe = "reverse"',
            'recipe = "backwards"',
            "variant 'as it is': there is no recipe 'ba",
        ),
        ('"network.attention"', '"network.atention"', "variant 'no attention': .*network.atention"),
        ("description", "descripton", "description: Field required"),
        ('"no attention"', '"twice: as long"', r"would lie in one folder \(twice-as-long-0\)"),
        ('"no attention"', '"no attention', "is not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(plan: Path, old: str, new: str, said: str) -> None:
    assert old in PLAN
    plan.write_text(PLAN.replace(old, new), "utf-8")
    with pytest.raises(RecipeError, match=said):
        read_plan(str(plan)).recipes(1, {})


def test_what_is_not_in_a_plan_is_one_line(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "variants", str(plan), "--only", "GRU"]) == 1
    said = capsys.readouterr().err
    assert "GRU: the plan has no such variant; it has Twice as long, no attention" in said
    assert main(["study", "variants", "nothing"]) == 1
    assert (
        "there is no plan 'nothing'; known plans: sentiment, translation" in capsys.readouterr().err
    )
    study = ["study", "variants", str(plan), "--run", str(tmp_path / "study"), "--quiet"]
    assert main([*study, "--only", "no attention", *flags(["training.epoch=3"])]) == 1
    assert "variant 'as it is'" in capsys.readouterr().err
    assert not (tmp_path / "study").exists()
