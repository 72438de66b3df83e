"""Texts of the page "model"."""

from streamlit_app.i18n import COMMON, Texts

TEXTS: Texts = {
    **COMMON,
    "model_title": {"es": "Lo que sabe el modelo", "en": "What the model knows"},
    "model_intro": {
        "es": "Qué modelo contesta ahora, cuánto acierta con canciones que no conocía y en qué se equivoca.",
        "en": "Which model answers now, how often it is right about songs it has never seen, and where it is wrong.",
    },
    "model_champion": {"es": "Campeón", "en": "Champion"},
    "model_challenger": {"es": "Aspirante", "en": "Challenger"},
    "model_champion_text": {"es": "El que contesta", "en": "The one that answers"},
    "model_challenger_text": {"es": "En reserva", "en": "In reserve"},
    "model_version": {"es": "Versión {version}", "en": "Version {version}"},
    "model_no_champion": {"es": "Ninguna versión es campeona todavía.", "en": "No version is the champion yet."},
    "model_learned": {
        "es": "Aprendió el {moment} de {source} · `{dataset}`",
        "en": "Learned on {moment} from {source} · `{dataset}`",
    },
    "model_source_sample": {"es": "canciones de muestra, inventadas", "en": "sample songs, which are made up"},
    "model_source_real": {"es": "tu lista", "en": "your playlist"},
    "model_source_unknown": {"es": "datos que no se registraron", "en": "data that were not recorded"},
    "model_in_mlflow": {"es": "Versión en MLflow", "en": "Version in MLflow"},
    "model_run": {"es": "Entrenamiento en MLflow", "en": "Training in MLflow"},
    "model_kind_averaged_forests": {"es": "Media de dos bosques de árboles", "en": "Mean of two forests of trees"},
    "model_kind_logistic_regression": {"es": "Regresión logística", "en": "Logistic regression"},
    "model_kind_extra_trees": {"es": "Árboles extremadamente aleatorios (extra trees)", "en": "Extra trees"},
    "model_kind_random_forest": {"es": "Bosque aleatorio (random forest)", "en": "Random forest"},
    "model_kind_gradient_boosting": {"es": "Potenciación del gradiente (gradient boosting)", "en": "Gradient boosting"},
    "model_kind_k_nearest_neighbors": {"es": "Vecinos más cercanos", "en": "Nearest neighbours"},
    "model_kind_neural_network": {"es": "Red neuronal", "en": "Neural network"},
    "model_kind_unknown": {"es": "Tipo no registrado", "en": "Kind not recorded"},
    "model_about_averaged_forests": {
        "es": "Promedia dos bosques: en uno, las preguntas de los árboles se eligen en parte al azar; en el otro, cada "
        "árbol conoce otra parte de las canciones.",
        "en": "It averages two forests: in one, the questions of the trees are chosen partly at random; in the other, "
        "each tree knows a different part of the songs.",
    },
    "model_about_logistic_regression": {
        "es": "Da un peso a cada medida y suma los resultados.",
        "en": "It gives each measure a weight and adds them up.",
    },
    "model_about_extra_trees": {
        "es": "Votan juntos muchos árboles de preguntas, elegidas en parte al azar.",
        "en": "Many trees of questions, chosen partly at random, vote together.",
    },
    "model_about_random_forest": {
        "es": "Votan juntos muchos árboles de preguntas, cada uno hecho con otra parte de las canciones.",
        "en": "Many trees of questions, each grown from a different part of the songs, vote together.",
    },
    "model_about_gradient_boosting": {
        "es": "Muchos árboles de preguntas; cada uno corrige los errores de los anteriores.",
        "en": "Many trees of questions; each one corrects what those before it got wrong.",
    },
    "model_about_k_nearest_neighbors": {
        "es": "Busca las canciones de tu lista que más se le parecen y mira cuántas te gustan.",
        "en": "It looks for the most similar songs of your playlist and counts those you like.",
    },
    "model_about_neural_network": {
        "es": "Una pequeña red de sumas y umbrales, ajustada poco a poco.",
        "en": "A small network of sums and thresholds, adjusted step by step.",
    },
    "model_about_unknown": {
        "es": "Su entrenamiento no registró cómo decide.",
        "en": "Its training did not record how it decides.",
    },
    "model_metrics": {"es": "Cuánto acierta", "en": "How good it is"},
    "model_metrics_text": {
        "es": "Medido con canciones de prueba, que el modelo no conocía. El punto es el valor medido; la barra, su "
        "intervalo de confianza del 95\N{NO-BREAK SPACE}%: lo que cabría esperar con otras canciones elegidas igual.",
        "en": "Measured on test songs, which the model has never seen. The dot is the measured value; the bar is the "
        "95% confidence interval: what other songs, chosen the same way, might have shown.",
    },
    "model_metrics_apart": {
        "es": "Campeón y aspirante aprendieron de datos distintos; cada uno se midió con canciones de los suyos.",
        "en": "Champion and challenger learned from different data; each was measured on its own test songs.",
    },
    "model_metrics_missing": {
        "es": "Esta versión no tiene métricas registradas. Aparecerán cuando se entrene otra vez.",
        "en": "This version has no recorded metrics. They will appear after another training.",
    },
    "model_interval": {"es": "{value:.3f} (de {low:.3f} a {high:.3f})", "en": "{value:.3f} ({low:.3f} to {high:.3f})"},
    "model_metric_accuracy": {"es": "Exactitud", "en": "Accuracy"},
    "model_meaning_accuracy": {
        "es": "De cada 100 canciones acierta con {hundredths:.0f}.",
        "en": "It is right about {hundredths:.0f} of 100 songs.",
    },
    "model_metric_f1": {"es": "F1", "en": "F1"},
    "model_meaning_f1": {
        "es": "Equilibrio entre recomendar solo lo que te gusta y no dejar fuera nada que te guste. 1 es perfecto.",
        "en": "Balance between recommending only what you like and missing nothing that you like. 1 is perfect.",
    },
    "model_metric_roc_auc": {"es": "ROC AUC", "en": "ROC AUC"},
    "model_meaning_roc_auc": {
        "es": "Entre una canción que te gusta y otra que no, prefiere la que te gusta {hundredths:.0f} veces de cada "
        "100. Al azar serían 50.",
        "en": "Between a song you like and one you do not, it prefers the one you like {hundredths:.0f} times in 100. "
        "By chance it would be 50.",
    },
    "model_metric_pr_auc": {"es": "PR AUC", "en": "PR AUC"},
    "model_meaning_pr_auc": {
        "es": "De las canciones que pone primero, qué parte te gusta, en promedio para todos los cortes. 1 es "
        "perfecto.",
        "en": "The share of songs you like among those it ranks first, averaged over all cut-offs. 1 is perfect.",
    },
    "model_metric_brier": {"es": "Brier", "en": "Brier"},
    "model_meaning_brier": {
        "es": "Promedio del cuadrado de la distancia entre su probabilidad y tu opinión. Menos es mejor; responder "
        "siempre 50\N{NO-BREAK SPACE}% da 0,25.",
        "en": "Mean squared distance between its probability and your opinion. Less is better; always answering 50% "
        "gives 0.25.",
    },
    "model_metric_log_loss": {"es": "Pérdida logarítmica", "en": "Log loss"},
    "model_meaning_log_loss": {
        "es": "Como Brier, pero castiga mucho más las respuestas muy seguras y equivocadas. Menos es mejor; responder "
        "siempre 50\N{NO-BREAK SPACE}% da 0,69.",
        "en": "Like Brier, but very sure and wrong answers cost much more. Less is better; always answering 50% gives "
        "0.69.",
    },
    "model_metric_calibration_slope": {"es": "Pendiente de calibración", "en": "Calibration slope"},
    "model_meaning_calibration_slope": {
        "es": "Lo ideal es 1. Por debajo, sus probabilidades son demasiado extremas; por encima, demasiado prudentes.",
        "en": "1 is ideal. Below, its probabilities are too extreme; above, too cautious.",
    },
    "model_metric_calibration_intercept": {"es": "Ordenada de calibración", "en": "Calibration intercept"},
    "model_meaning_calibration_intercept": {
        "es": "Lo ideal es 0. Por encima, te gustan más canciones de las que predice; por debajo, menos.",
        "en": "0 is ideal. Above, you like more songs than it predicts; below, fewer.",
    },
    "model_metric_calibration_error": {"es": "Error de calibración", "en": "Calibration error"},
    "model_meaning_calibration_error": {
        "es": "Sus probabilidades se desvían {hundredths:.1f} puntos de media. Menos es mejor.",
        "en": "Its probabilities are off by {hundredths:.1f} points on average. Less is better.",
    },
    "model_curves": {"es": "En qué acierta y en qué falla", "en": "Where it is right and where it fails"},
    "model_curves_text": {
        "es": "Lo que respondió sobre {songs:,} canciones que no conocía, comparado con el método más sencillo, una "
        "regresión logística. Si las dos líneas casi coinciden, habría bastado con el sencillo. La línea de puntos es "
        "lo que daría el azar; en la calibración, lo ideal.",
        "en": "What it answered about {songs:,} songs that it had never seen, compared with the simplest method, a "
        "logistic regression. Where the two lines nearly meet, the simple one would have been enough. The dotted line "
        "is what chance would give; for the calibration, the ideal.",
    },
    "model_curves_of": {"es": "Curvas de", "en": "Curves of"},
    "model_curves_missing": {
        "es": "**Esta versión se entrenó antes de que se guardaran sus respuestas**: no hay curvas ni umbral que "
        "mostrar. Aparecerán cuando se entrene otra vez, en la página *El sistema*.",
        "en": "**This version was trained before its answers were stored**: there are no curves and no threshold to "
        "show. They will appear after another training, on the page *Pipeline*.",
    },
    "model_this": {"es": "Este modelo", "en": "This model"},
    "model_roc": {"es": "Curva ROC", "en": "ROC curve"},
    "model_roc_text": {
        "es": "Cuantas más canciones que te gustan encuentra, más se cuelan que no te gustan. Cuanto más se acerca la "
        "línea a la esquina superior izquierda, mejor. Área: {model:.3f}; el método sencillo, {baseline:.3f}.",
        "en": "The more of the songs you like it finds, the more of those you dislike slip in. The nearer the line "
        "comes to the upper left corner, the better. Area: {model:.3f}; simplest method, {baseline:.3f}.",
    },
    "model_roc_x": {"es": "Se cuelan (de las que no te gustan)", "en": "Slip in (of those you dislike)"},
    "model_roc_y": {"es": "Encontradas", "en": "Found"},
    "model_pr": {"es": "Precisión y cobertura", "en": "Precision and recall"},
    "model_pr_text": {
        "es": "Qué parte de lo recomendado te gusta, según qué parte de lo que te gusta se quiera encontrar. Cuanto "
        "más arriba, mejor. Media: {model:.3f}; el método sencillo, {baseline:.3f}.",
        "en": "The share of recommended songs that you like, by the share of the songs you like that are found. "
        "Higher is better. Average: {model:.3f}; simplest method, {baseline:.3f}.",
    },
    "model_pr_x": {"es": "Encontradas (cobertura)", "en": "Found (recall)"},
    "model_pr_y": {"es": "Te gustan (precisión)", "en": "Liked (precision)"},
    "model_calibration": {"es": "Calibración", "en": "Calibration"},
    "model_calibration_text": {
        "es": "De las canciones a las que da un 70\N{NO-BREAK SPACE}%, deberían gustarte 70 de cada 100: la línea "
        "seguiría la diagonal. Los puntos grandes tienen más canciones.",
        "en": "Of the songs to which it gives 70%, you should like 70 in 100: the line would follow the diagonal. "
        "Larger dots stand for more songs.",
    },
    "model_calibration_x": {"es": "Probabilidad predicha", "en": "Predicted probability"},
    "model_calibration_y": {"es": "Te gustan", "en": "Liked"},
    "model_importance": {"es": "Qué medidas pesan más", "en": "What matters most"},
    "model_importance_text": {
        "es": "Cuánto empeora el modelo si los valores de una medida se mezclan al azar entre las canciones. La que "
        "más pesa: {feature}. La línea fina indica cuánto varía de una mezcla a otra.",
        "en": "How much worse the model gets when a measure's values are shuffled among the songs. What counts most: "
        "{feature}. The thin line is how much this varies between shuffles.",
    },
    "model_importance_x": {"es": "ROC AUC que pierde", "en": "ROC AUC lost"},
    "model_threshold": {"es": "¿Y si fuera más exigente?", "en": "What if it were pickier?"},
    "model_threshold_text": {
        "es": "El modelo recomienda una canción a partir de un {threshold} de probabilidad: ese es su umbral. Muévelo "
        "y mira qué cambia en las {songs:,} canciones de prueba. El modelo no cambia.",
        "en": "The model recommends a song from a probability of {threshold}: that is its threshold. Move it and see "
        "what changes for the {songs:,} test songs. The model itself stays as it is.",
    },
    "model_threshold_slider": {"es": "Recomendar a partir de", "en": "Recommend from"},
    "model_threshold_back": {"es": "Restablecer", "en": "Reset"},
    "model_histogram": {
        "es": "Canciones de prueba según la probabilidad que les dio: hacia arriba las que te gustan, hacia abajo las "
        "que no. A la derecha de la línea continua está lo que recomendaría; la de puntos es el umbral del modelo.",
        "en": "Test songs by the probability it gave them: upwards those you like, downwards those you dislike. Right "
        "of the solid line is what it would recommend; the dotted line is the model's own threshold.",
    },
    "model_effect": {"es": "Lo que recomendaría", "en": "What it would recommend"},
    "model_precision": {"es": "De lo que recomienda, te gusta", "en": "Of what it recommends, you like"},
    "model_recall": {"es": "De lo que te gusta, recomienda", "en": "Of what you like, it recommends"},
    "model_accuracy": {"es": "De todas las canciones, acierta", "en": "Of all songs, it gets right"},
    "model_f1": {"es": "Equilibrio (F1)", "en": "Balance (F1)"},
    "model_of": {"es": "{part:,} de {whole:,}", "en": "{part:,} of {whole:,}"},
    "model_before": {"es": "con el umbral del modelo, {value}", "en": "at the model's threshold, {value}"},
    "model_confusion": {"es": "Aciertos y errores (matriz de confusión)", "en": "Hits and misses (confusion matrix)"},
    "model_recommends": {"es": "La recomienda", "en": "Recommends it"},
    "model_declines": {"es": "No la recomienda", "en": "Leaves it out"},
    "model_right": {"es": "acierto", "en": "right"},
    "model_false_negatives": {"es": "se le escapa", "en": "missed"},
    "model_false_positives": {"es": "falsa alarma", "en": "false alarm"},
    "model_versions": {"es": "Versiones", "en": "Versions"},
    "model_versions_text": {
        "es": "Cada entrenamiento registra una versión. El ROC AUC de cada una se midió con canciones de prueba de "
        "sus propios datos.",
        "en": "Each training registers a version. The ROC AUC of each was measured on the test songs of its own "
        "dataset.",
    },
    "model_versions_newest": {
        "es": "El gráfico muestra las {shown} más nuevas.",
        "en": "The chart shows the newest {shown}.",
    },
    "model_versions_alt": {
        "es": "ROC AUC con su intervalo, versión por versión; los valores están en la tabla de abajo.",
        "en": "ROC AUC with its interval, version by version; the values are in the table below.",
    },
    "model_other": {"es": "Otras", "en": "Others"},
    "model_column_date": {"es": "Fecha", "en": "Date"},
    "model_column_kind": {"es": "Modelo", "en": "Model"},
    "model_column_data": {"es": "Datos", "en": "Dataset"},
    "model_column_role": {"es": "Papel", "en": "Role"},
    "model_sample": {"es": "muestra", "en": "sample"},
    "model_card": {"es": "Ficha del modelo", "en": "Model card"},
    "model_card_text": {
        "es": "La ficha de la versión {version}, con todos los detalles.",
        "en": "The card of version {version}, with every detail.",
    },
    "model_card_open": {"es": "Leer la ficha", "en": "Read the card"},
    "model_card_none": {"es": "Esta versión no tiene ficha.", "en": "This version has no card."},
}
